# The static library with HTTP and HTTPS alone: what is not built cannot be attacked.
tool=$SYSROOT/bin/$ARCH-linux-musl-
cp -r "$SOURCE/." .
[ -x configure ] || autoreconf -fi
./configure --host="$TRIPLE" --prefix=/usr --disable-shared --enable-static --with-mbedtls="$SYSROOT/usr" \
  CC="${tool}gcc" AR="${tool}ar" RANLIB="${tool}ranlib" CFLAGS='-O2 -ffunction-sections -fdata-sections' LDFLAGS=-static \
  --disable-ftp --disable-file --disable-ipfs --disable-ldap --disable-rtsp --disable-dict --disable-telnet \
  --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt \
  --disable-manual --disable-docs --disable-ntlm --disable-kerberos-auth --disable-negotiate-auth --disable-aws \
  --disable-alt-svc --disable-hsts --disable-doh --disable-unix-sockets --disable-socketpair --disable-threaded-resolver \
  --disable-netrc --disable-progress-meter --disable-libcurl-option --disable-websockets --disable-proxy \
  --without-zlib --without-brotli --without-zstd --without-libpsl --without-libidn2 --without-nghttp2 \
  --without-librtmp --without-libssh2 --without-ca-bundle --without-ca-path
make -j"$JOBS" -C lib
mkdir -p "$OUT/usr/include/curl" "$OUT/usr/lib"
cp include/curl/*.h "$OUT/usr/include/curl/"
cp lib/.libs/libcurl.a "$OUT/usr/lib/"
