# Only what verifying wants; kernel/device/package/crypto.cpp is its one user.
library=$SOURCE/src/libsodium
mkdir -p "$OUT/include"
cp -r "$library"/include/sodium "$library"/include/sodium.h "$OUT/include/"
cp "$library"/crypto_core/ed25519/ref10/ed25519_ref10.c "$OUT/"
cp -r "$library"/crypto_core/ed25519/ref10/fe_51 "$library"/crypto_core/ed25519/ref10/fe_25_5 "$OUT/"
cp "$library"/crypto_sign/ed25519/ref10/open.c "$library"/crypto_sign/ed25519/ref10/sign_ed25519_ref10.h "$OUT/"
cp "$library"/crypto_hash/sha512/cp/hash_sha512_cp.c "$library"/crypto_hash/sha256/cp/hash_sha256_cp.c "$OUT/"
cp "$library"/crypto_verify/sodium/verify.c "$OUT/"
# configure would fill this in.
sed -e 's/@VERSION@/1.0.18/' -e 's/@SODIUM_LIBRARY_VERSION_MAJOR@/10/' -e 's/@SODIUM_LIBRARY_VERSION_MINOR@/3/' \
  -e 's/@SODIUM_LIBRARY_MINIMAL_DEF@//' "$library/include/sodium/version.h.in" > "$OUT/include/sodium/version.h"
