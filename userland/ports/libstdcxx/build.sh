. "$PORTS/libstdcxx-source/configure.sh"
configure_libstdcxx
make -j"$JOBS"
make install-strip DESTDIR="$OUT"
# The headers are a recipe of their own.
rm -rf "$OUT/usr/include" "$OUT/usr/share" "$OUT"/usr/lib/*.la
