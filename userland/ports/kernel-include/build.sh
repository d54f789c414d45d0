# libstdc++ is configured for programs: its <atomic> and <memory> reach for futexes, POSIX threads and strings, and so
# for C headers that would clash with the kernel: the macros of <errno.h> with the members of Errno, the functions of
# <unistd.h>, <time.h> and <sched.h> with the names of namespaces.
mkdir -p "$OUT/kernel-include/bits" "$OUT/kernel-include/ext"
cd "$OUT/kernel-include"

cat > bits/c++config.h <<'HEADER'
// The C++ library's configuration without threads and futexes: the kernel has locks of its own.
#ifndef HALYARD_CXX_CONFIG_H
#define HALYARD_CXX_CONFIG_H
#include_next <bits/c++config.h>
#undef _GLIBCXX_HAS_GTHREADS
#undef _GLIBCXX_HAVE_LINUX_FUTEX
#endif
HEADER

cat > bits/gthr-default.h <<'HEADER'
// The C++ library's own view of threads: there are none.
#include <bits/gthr-single.h>
HEADER

for header in errno.h unistd.h; do
  echo "/* Empty on purpose: see userland/ports/kernel-include. */" > "$header"
done

# These two headers use the macros of <errno.h>, which are gone again behind them.
for header in bits/error_constants.h ext/string_conversions.h; do
  {
    echo "#pragma GCC system_header"
    echo "#ifndef HALYARD_$(echo "$header" | tr 'a-z./' 'A-Z__')"
    echo "#define HALYARD_$(echo "$header" | tr 'a-z./' 'A-Z__')"
    echo "#undef errno"
    echo "#include <bits/errno.h>"
    echo "#define errno (*__errno_location())"
    echo 'extern "C" int* __errno_location(void);'
    echo "#include_next <$header>"
    sed -n 's/^#define[[:space:]]\+\(E[A-Z0-9]\+\).*/#undef \1/p' "$SYSROOT/usr/include/bits/errno.h"
    echo "#undef errno"
    echo "#endif"
  } > "$header"
done
