mkdir -p "$OUT"
cp "$SOURCE"/scripts/dtc/libfdt/*.[ch] "$OUT/"
