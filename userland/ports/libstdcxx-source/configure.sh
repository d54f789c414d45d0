# Sourced by the recipes that build from this source: configures it for musl in the current folder.
configure_libstdcxx() {
  local target=$ARCH-linux-musl version
  version=$("$TRIPLE-gcc" -dumpversion)
  PATH=$SYSROOT/bin:$PATH CC=$target-gcc CXX="$target-g++ -nostdinc++" CFLAGS="-O2" CXXFLAGS="-O2" \
    "$SHARED/libstdcxx-source/libstdc++-v3/configure" --build=x86_64-linux-gnu --host="$target" --target="$target" \
    --prefix=/usr --disable-multilib --disable-nls --disable-libstdcxx-pch --disable-shared --enable-static \
    --enable-threads=posix --enable-libstdcxx-threads --disable-libstdcxx-debug --enable-clocale=generic \
    --with-gxx-include-dir="/usr/include/c++/$version"
  export PATH=$SYSROOT/bin:$PATH
}
