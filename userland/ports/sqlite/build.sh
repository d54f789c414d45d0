# The shell, static, from the amalgamation that upstream's own makefile makes.
tool=$SYSROOT/bin/$ARCH-linux-musl-
"$SOURCE/configure" --disable-tcl --disable-readline --disable-shared
make sqlite3.c shell.c
"${tool}gcc" -O2 -static -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_MATH_FUNCTIONS \
  -DSQLITE_OMIT_LOAD_EXTENSION -DHAVE_READLINE=0 -I. -o sqlite3 shell.c sqlite3.c -lm -lpthread
mkdir -p "$OUT"
"${tool}strip" -o "$OUT/sqlite3" sqlite3
