# Debian puts a cross package's headers under /usr/TRIPLE/include, the host's own under /usr/include.
if [ -d "/usr/$TRIPLE/include/linux" ]; then
  from=/usr/$TRIPLE/include
  asm=$from/asm
else
  from=/usr/include
  asm=$from/$TRIPLE/asm
fi
mkdir -p "$OUT/usr/include"
cp -rL "$asm" "$OUT/usr/include/asm"
for folder in linux asm-generic mtd misc sound video drm rdma xen; do
  [ ! -d "$from/$folder" ] || cp -rL "$from/$folder" "$OUT/usr/include/"
done
