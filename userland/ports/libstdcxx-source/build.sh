# The package holds the release as a tarball inside its tarball; only some folders of it are wanted.
tar -xf "$DOWNLOADS"/gcc-*.orig.tar.gz --wildcards '*.tar.xz'
wanted=(libstdc++-v3 libgcc include libiberty config 'config.*' config-ml.in '*.m4' 'lt*' 'libtool*' install-sh mkinstalldirs
  depcomp missing compile ylwrap move-if-change symlink-tree gcc/BASE-VER gcc/DATESTAMP gcc/DEV-PHASE)
tar -xf */gcc-*.tar.xz --exclude='*/libstdc++-v3/testsuite/[0-9a-z]*' --exclude='*/libstdc++-v3/doc/html' \
  --exclude='*/libstdc++-v3/doc/xml' --wildcards --no-wildcards-match-slash "${wanted[@]/#/gcc-*/}"
for folder in gcc-*/; do
  [ ! -d "$folder/libstdc++-v3" ] || mv "$folder"/* "$OUT/"
done
# Without this link the configuration finds no threads, and std::thread is missing without a word.
ln -s gthr-posix.h "$OUT/libgcc/gthr-default.h"
test -x "$OUT/libstdc++-v3/configure"
