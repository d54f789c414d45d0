/*
 * Signature blocks, and whether a package's signatures suffice.
 *
 * A key that the bundle does not know never counts and is never an error. A key that it knows must have signed well, in
 * a role and for a driver that it was trusted with; anything else refuses the package.
 */
#pragma once

#include "kernel/lib/ajdrv/bundle.h"
#include "kernel/lib/ajdrv/statement.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint8_t algorithm, role;
  const uint8_t* key_id;    /* AJDRV_HASH_SIZE bytes */
  const uint8_t* signature; /* 64 bytes */
} ajdrv_signature_t;
/* Signature number `index` of a block that ajdrv_parse() or ajdrv_bundle_parse() found well formed. */
ajdrv_signature_t ajdrv_signature(const uint8_t* block, uint32_t index);

typedef enum { AJDRV_PLACE_KERNEL = 0, AJDRV_PLACE_ISOLATED = 1 } ajdrv_place_t;

/*
 * Errors 35 to 40, and 50: the signed part's hash, which goes to `hash`, is on the bundle's list. `bundle` may be NULL:
 * AJDRV_E_NO_TRUST_BUNDLE.
 */
ajdrv_error_t ajdrv_verify(const ajdrv_package_t* package, const ajdrv_bundle_t* bundle, ajdrv_place_t place,
                           const ajdrv_crypto_t* crypto, uint8_t hash[AJDRV_HASH_SIZE]);

#ifdef __cplusplus
}
#endif
