#include "kernel/lib/ajdrv/signature.h"

#include <string.h>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/sections.h"

/* Offsets in an entry. */
enum { kAlgorithm = 0, kRole = 1, kZero = 2, kKeyId = 8, kZero2 = 40, kSignature = 48, kEd25519 = 1 };

static const uint8_t* entry_at(const uint8_t* block, uint32_t index) {
  return block + AJDRV_SIGNATURE_HEADER_SIZE + (size_t)index * AJDRV_SIGNATURE_SIZE;
}

ajdrv_signature_t ajdrv_signature(const uint8_t* block, uint32_t index) {
  const uint8_t* entry = entry_at(block, index);
  return (ajdrv_signature_t){entry[kAlgorithm], entry[kRole], entry + kKeyId, entry + kSignature};
}

static ajdrv_error_t check_entry(const uint8_t* block, uint32_t index) {
  const uint8_t* entry = entry_at(block, index);
  if (entry[kAlgorithm] != kEd25519) return AJDRV_E_SIG_ALG;
  if (ajdrv_role_name(entry[kRole]) == NULL || !ajdrv_all_zero(entry + kZero, kKeyId - kZero) ||
      !ajdrv_all_zero(entry + kZero2, kSignature - kZero2)) {
    return AJDRV_E_SIG_BLOCK;
  }
  if (index > 0 && memcmp(entry_at(block, index - 1) + kKeyId, entry + kKeyId, AJDRV_HASH_SIZE) >= 0)
    return AJDRV_E_SIG_ORDER_DUP;
  return AJDRV_OK;
}

ajdrv_error_t ajdrv_check_signature_block(const uint8_t* block, uint64_t size, uint32_t* count) {
  if (size < AJDRV_SIGNATURE_HEADER_SIZE || ajdrv_u32(block) != AJDRV_SIGNATURE_MAGIC ||
      ajdrv_u16(block + 6) != AJDRV_SIGNATURE_SIZE || ajdrv_u64(block + 8) != 0) {
    return AJDRV_E_SIG_BLOCK;
  }
  *count = ajdrv_u16(block + 4);
  if (*count < 1 || *count > AJDRV_MAX_SIGNATURES) return AJDRV_E_SIG_COUNT;
  const uint64_t expected = AJDRV_SIGNATURE_HEADER_SIZE + (uint64_t)*count * AJDRV_SIGNATURE_SIZE;
  if (size != expected) return size < expected ? AJDRV_E_SIG_BLOCK : AJDRV_E_SIG_TRAILING;
  for (uint32_t i = 0; i < *count; ++i) {
    const ajdrv_error_t error = check_entry(block, i);
    if (error != AJDRV_OK) return error;
  }
  return AJDRV_OK;
}

/* One signature by a key that the bundle knows. */
static ajdrv_error_t check_known(const ajdrv_package_t* package, const ajdrv_key_t* key,
                                 const ajdrv_signature_t* signature, const uint8_t* hash,
                                 const ajdrv_crypto_t* crypto) {
  if (signature->role > AJDRV_LAST_PACKAGE_ROLE || !ajdrv_key_covers(key, signature->role, package))
    return AJDRV_E_ROLE_SCOPE;
  if (!crypto->ed25519_key_is_sound(key->key)) return AJDRV_E_SIG_KEY_INVALID;
  uint8_t statement[AJDRV_STATEMENT_SIZE];
  ajdrv_statement((ajdrv_role_t)signature->role, package->signed_size, hash, statement);
  return crypto->ed25519_verify(signature->signature, statement, sizeof(statement), key->key) ? AJDRV_OK
                                                                                              : AJDRV_E_SIG_BAD;
}

static bool suffices(const ajdrv_policy_t* policy, ajdrv_place_t place, const uint32_t counts[AJDRV_ROLE_COUNT]) {
  if (place == AJDRV_PLACE_ISOLATED) return counts[AJDRV_ROLE_PUB] + counts[AJDRV_ROLE_OWN] >= policy->isolated_any;
  return counts[AJDRV_ROLE_PUB] >= policy->kernel_pub && counts[AJDRV_ROLE_STO] >= policy->kernel_sto &&
         counts[AJDRV_ROLE_QA] >= policy->kernel_qa;
}

ajdrv_error_t ajdrv_verify(const ajdrv_package_t* package, const ajdrv_bundle_t* bundle, ajdrv_place_t place,
                           const ajdrv_crypto_t* crypto, uint8_t hash[AJDRV_HASH_SIZE]) {
  if (bundle == NULL) return AJDRV_E_NO_TRUST_BUNDLE;
  crypto->sha256(package->file, package->signed_size, hash);
  uint32_t counts[AJDRV_ROLE_COUNT] = {0};
  for (uint32_t i = 0; i < package->signature_count; ++i) {
    const ajdrv_signature_t signature = ajdrv_signature(package->file + package->signed_size, i);
    if (ajdrv_key_is_revoked(bundle, signature.key_id)) return AJDRV_E_KEY_REVOKED;
    ajdrv_key_t key;
    if (!ajdrv_bundle_find_key(bundle, signature.key_id, crypto, &key)) continue;
    const ajdrv_error_t error = check_known(package, &key, &signature, hash, crypto);
    if (error != AJDRV_OK) return error;
    ++counts[signature.role];
  }
  const ajdrv_policy_t policy = ajdrv_bundle_policy(bundle, package->category);
  if (!suffices(&policy, place, counts)) return AJDRV_E_SIG_THRESHOLD;
  return ajdrv_package_is_revoked(bundle, hash) ? AJDRV_E_PKG_REVOKED : AJDRV_OK;
}
