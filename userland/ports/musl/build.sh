CC=$TRIPLE-gcc CROSS_COMPILE=$TRIPLE- \
  "$SOURCE/configure" --target="$ARCH" --prefix=/usr --syslibdir=/lib --disable-gcc-wrapper
make -j"$JOBS"
make install DESTDIR="$OUT"
# The loader is installed as an absolute link, which would point out of the sysroot.
ln -sf ../usr/lib/libc.so "$OUT/lib/ld-musl-$ARCH.so.1"
