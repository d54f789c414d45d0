# What shows and chooses the nodes that programs and their memory are on, static, with libnuma's own tests beside it.
tool=$SYSROOT/bin/$ARCH-linux-musl-
: > config.h
# Operations on single bytes are calls on RISC-V.
atomic=-latomic
library="libnuma syscall distance affinity sysfs rtnetlink"
for name in $library util shm numactl migratepages memhog; do echo "$name"; done | xargs -P "$JOBS" -I {} \
  "${tool}gcc" -O2 -Wno-cpp -D_LARGEFILE64_SOURCE -DVERSION="\"$(cat "$SOURCE/VERSION")\"" -I. -I"$SOURCE" -c "$SOURCE/{}.c"
"${tool}ar" rcs libnuma.a $(printf '%s.o ' $library)
mkdir -p "$OUT/test"
"${tool}gcc" -static -o numactl numactl.o util.o shm.o libnuma.a $atomic
for name in migratepages memhog; do "${tool}gcc" -static -o $name $name.o util.o libnuma.a $atomic; done
for name in numactl migratepages memhog; do "${tool}strip" -o "$OUT/$name" $name; done
for name in distance mbind_mig_pages migrate_pages move_pages prefered realloc_test tbitmap; do
  "${tool}gcc" -O2 -w -D_GNU_SOURCE -I. -I"$SOURCE" -static -o "$OUT/test/$name" "$SOURCE/test/$name.c" util.o libnuma.a $atomic
done
