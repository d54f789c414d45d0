# `gcc --sysroot` alone would take crt1.o and libc.a from Debian's glibc, silently; the specs name every start
# file and folder. C headers come after the C++ ones, whose #include_next looks for them there. %R is the sysroot that
# the wrapper passes, so the tree can be moved.
mkdir -p "$OUT/bin" "$OUT/lib"
cxx_version=$("$TRIPLE-gcc" -dumpversion)

cat > "$OUT/lib/musl.specs" <<SPECS
%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -idirafter %R/usr/include -idirafter include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -idirafter %R/usr/include -idirafter include%s

*cc1plus:
-nostdinc++ %{!nostdinc++:-isystem %R/usr/include/c++/$cxx_version -isystem %R/usr/include/c++/$cxx_version/$ARCH-linux-musl -isystem %R/usr/include/c++/$cxx_version/backward}

*link_libgcc:
-L%R/usr/lib -L .%s

*libgcc:
libgcc.a%s %:if-exists(libgcc_eh.a%s)

*startfile:
%{shared:;static-pie:%R/usr/lib/rcrt1.o;static|no-pie|nopie:%R/usr/lib/crt1.o;:%R/usr/lib/Scrt1.o} %R/usr/lib/crti.o %{static:crtbeginT.o%s;shared|static-pie|!no-pie:crtbeginS.o%s;:crtbegin.o%s}

*endfile:
%{static:crtend.o%s;shared|static-pie|!no-pie:crtendS.o%s;:crtend.o%s} %R/usr/lib/crtn.o

*link:
--eh-frame-hdr --hash-style=gnu -z max-page-size=4096 %{shared:-shared} %{static:-static} %{static-pie:-static -pie --no-dynamic-linker -z text} %{!shared:%{!static:%{!static-pie:-dynamic-linker /lib/ld-musl-$ARCH.so.1 %{rdynamic:-export-dynamic}}}}

*lib:
-lc -lunwind-compat

SPECS

for language in gcc g++; do
  cat > "$OUT/bin/$ARCH-linux-musl-$language" <<WRAPPER
#!/bin/sh
# Compiles and links for $ARCH with the musl of the sysroot that this file lies in.
sysroot=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
exec $TRIPLE-$language --sysroot="\$sysroot" -specs="\$sysroot/lib/musl.specs" "\$@"
WRAPPER
  chmod 755 "$OUT/bin/$ARCH-linux-musl-$language"
done
for tool in ar as ld nm objcopy objdump ranlib readelf strip size strings; do
  ln -s "/usr/bin/$TRIPLE-$tool" "$OUT/bin/$ARCH-linux-musl-$tool"
done

# In the C library's place next to it, so that programs that never unwind carry nothing of it.
mkdir -p "$OUT/usr/lib"
"$TRIPLE-gcc" -O2 -fPIC -nostdinc -isystem "$SYSROOT/usr/include" -c "$PORTS/toolchain/dl_find_object.c"
"$TRIPLE-ar" rcsD "$OUT/usr/lib/libunwind-compat.a" dl_find_object.o
