# The static library, portable code only: the same on every architecture.
tool=$SYSROOT/bin/$ARCH-linux-musl-
cp -r "$SOURCE/." .
[ -x configure ] || autoreconf -fi
./configure --host="$TRIPLE" --prefix=/usr --disable-shared --enable-static --enable-minimal --disable-asm --disable-pie \
  --disable-ssp CC="${tool}gcc" AR="${tool}ar" RANLIB="${tool}ranlib" CFLAGS='-O2 -ffunction-sections -fdata-sections'
make -j"$JOBS"
mkdir -p "$OUT/usr/include" "$OUT/usr/lib"
cp -r src/libsodium/include/sodium src/libsodium/include/sodium.h "$OUT/usr/include/"
cp src/libsodium/.libs/libsodium.a "$OUT/usr/lib/"
