# Upstream's default configuration, static, with the shell's line editing in UTF-8.
compiler=$SYSROOT/bin/$ARCH-linux-musl-
make -C "$SOURCE" O="$PWD" defconfig
set_option() {
  sed -i -e "/^# $1 is not set\$/d" -e "/^$1=/d" .config
  echo "$1=$2" >> .config
}
set_option CONFIG_STATIC y
set_option CONFIG_CROSS_COMPILER_PREFIX "\"$compiler\""
# GCC 14 takes for an error what GCC 12 warned about, and busybox has it in one place.
set_option CONFIG_EXTRA_CFLAGS '"-Wno-error=incompatible-pointer-types"'
set_option CONFIG_FEATURE_DEFAULT_PASSWD_ALGO '"sha512"'
set_option CONFIG_UNICODE_SUPPORT y
set_option CONFIG_UNICODE_USING_LOCALE n
set_option CONFIG_LAST_SUPPORTED_WCHAR 0
set_option CONFIG_SUBST_WCHAR 63
set_option CONFIG_FEATURE_EDITING_WINCH y
set_option CONFIG_FEATURE_EDITING_HISTORY 256
set_option CONFIG_FEATURE_EDITING_SAVEHISTORY y
sed -i 's/^\(CONFIG_UNICODE_USING_LOCALE\)=n$/# \1 is not set/' .config
# Answers every question that the options above open by its default.
yes '' | make oldconfig > /dev/null || true
for option in STATIC ASH ASH_JOB_CONTROL FEATURE_EDITING UNICODE_SUPPORT; do
  grep -q "^CONFIG_$option=y" .config
done
make -j"$JOBS" busybox busybox.links
install -D -m 755 busybox "$OUT/busybox"
cp busybox.links .config "$OUT/"
mv "$OUT/.config" "$OUT/busybox.config"
