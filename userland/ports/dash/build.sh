# The POSIX shell, static, without line editing: busybox's is the one to type at.
tool=$SYSROOT/bin/$ARCH-linux-musl-
# Debian's patches add a source file: the makefiles are made anew.
(cd "$SOURCE" && autoreconf -fi)
"$SOURCE/configure" --host="$ARCH-linux-musl" --build="$(gcc -dumpmachine)" CC="${tool}gcc" CC_FOR_BUILD=gcc \
  --enable-static --without-libedit
make -j"$JOBS"
mkdir -p "$OUT"
"${tool}strip" -o "$OUT/dash" src/dash
