# The three static libraries and their headers.
tool=$SYSROOT/bin/$ARCH-linux-musl-
cp -r "$SOURCE/." .
make -C library -j"$JOBS" static CC="${tool}gcc" AR="${tool}ar" RL="${tool}ranlib" CFLAGS='-O2 -ffunction-sections -fdata-sections'
mkdir -p "$OUT/usr/include" "$OUT/usr/lib"
cp -r include/mbedtls include/psa "$OUT/usr/include/"
cp library/libmbed*.a "$OUT/usr/lib/"
