. "$PORTS/libstdcxx-source/configure.sh"
configure_libstdcxx
make -C include all-am
make -C include install-data DESTDIR="$OUT"
make -C libsupc++ install-stdHEADERS install-bitsHEADERS DESTDIR="$OUT"
