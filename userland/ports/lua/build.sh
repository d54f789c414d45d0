# The interpreter and the compiler, static, without loading of shared modules.
tool=$SYSROOT/bin/$ARCH-linux-musl-
cp "$SOURCE"/src/*.[ch] .
printf '#define DEB_HOST_MULTIARCH "%s"\n' "$ARCH-linux-musl" > lua5.4-deb-multiarch.h
library=$(ls l*.c | grep -v -x -e lua.c -e luac.c)
for source in $library; do echo "$source"; done | xargs -P "$JOBS" -n 1 \
  "${tool}gcc" -O2 -std=gnu99 -DLUA_COMPAT_5_3 -DLUA_USE_POSIX -I. -c
"${tool}ar" rcs liblua.a ./*.o
mkdir -p "$OUT"
for program in lua luac; do
  "${tool}gcc" -O2 -std=gnu99 -DLUA_COMPAT_5_3 -DLUA_USE_POSIX -I. -static -o $program $program.c liblua.a -lm
  "${tool}strip" -o "$OUT/$program" $program
done
