mkdir -p "$OUT/netif"
cp -r "$SOURCE"/src/core "$SOURCE"/src/include "$OUT/"
cp "$SOURCE"/src/netif/ethernet.c "$OUT/netif/"
