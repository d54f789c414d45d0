# The tools that make, check and tune ext2 file systems, static.
tool=$SYSROOT/bin/$ARCH-linux-musl-
"$SOURCE/configure" --host="$TRIPLE" --prefix=/usr CC="${tool}gcc" AR="${tool}ar" RANLIB="${tool}ranlib" \
  BUILD_CC=gcc CFLAGS='-O2' LDFLAGS='-static' --disable-nls --disable-fuse2fs --disable-e2initrd-helper \
  --disable-uuidd --disable-defrag --disable-imager --disable-tdb --disable-bmap-stats --without-libarchive \
  --with-crond-dir=no --with-systemd-unit-dir=no --with-udev-rules-dir=no
make -j"$JOBS" libs
make -j"$JOBS" -C e2fsck e2fsck
make -j"$JOBS" -C misc mke2fs tune2fs dumpe2fs
make -j"$JOBS" -C resize resize2fs
make -j"$JOBS" -C debugfs debugfs
mkdir -p "$OUT"
for program in e2fsck/e2fsck misc/mke2fs misc/tune2fs misc/dumpe2fs resize/resize2fs debugfs/debugfs; do
  "${tool}strip" -o "$OUT/${program##*/}" "$program"
done
