/*
 * The trust bundle (AJTB): whom the kernel believes, in what, and what it no longer believes.
 *
 * A header of 64 bytes, seven tables of fixed records in a fixed order without gaps, zeros to a multiple of 16, and a
 * signature block as a package has, in the role ROOT. It has no default that trusts: what it does not say is not
 * trusted. The reader keeps pointers into the caller's bytes and allocates nothing.
 *
 *   0x00 u32 magic "AJTB"   0x04 u16 1   0x06 u16 0   0x08 u32 total size   0x0c u32 signed size
 *   0x10 u64 version   0x18 u64 valid from   0x20 u64 expires (seconds since 1970)
 *   0x28 u32 flags: 1 = made for development   0x2c u16 how many roots must sign   0x2e u16 0
 *   0x30 u16 roots, keys, policies, revoked keys, revoked packages, floors, log keys   0x3e u16 0
 *   root, log key (32): Ed25519 public key
 *   key (64): u8 1; u8 roles (1 << role - 1); u8 architectures; u8 categories (1 << number); u8 bits of the lineage
 * that must be as below (0: any); u8[3] 0; u8[32] public key; u8[16] lineage; u8[8] 0 policy (16): u8 category; u8
 * places (1 kernel, 2 isolated); u8 PUB, STO, QA that the kernel wants; u8 PUB or OWN that an isolated host wants; u16
 * 0; u32 rights that may be asked for; u32 0 revoked key, revoked package (32): key id; SHA-256 of the signed part
 *   floor (32): u8[16] lineage; u64 least version; u32 least epoch; u32 0
 */
#pragma once

#include "kernel/lib/ajdrv/crypto.h"
#include "kernel/lib/ajdrv/format.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  AJDRV_BUNDLE_MAGIC = 0x42544A41, /* "AJTB" */
  AJDRV_BUNDLE_MAJOR = 1,
  AJDRV_BUNDLE_HEADER_SIZE = 64,
  AJDRV_BUNDLE_MAX_SIZE = 64 << 10,
  AJDRV_BUNDLE_FOR_DEVELOPMENT = 1,
};
typedef enum {
  AJDRV_TABLE_ROOTS,
  AJDRV_TABLE_KEYS,
  AJDRV_TABLE_POLICIES,
  AJDRV_TABLE_REVOKED_KEYS,
  AJDRV_TABLE_REVOKED_PACKAGES,
  AJDRV_TABLE_FLOORS,
  AJDRV_TABLE_LOG_KEYS,
  AJDRV_TABLE_COUNT,
} ajdrv_table_t;

typedef struct {
  const uint8_t* file;
  uint32_t total_size, signed_size, flags, root_threshold, signature_count;
  uint64_t version, valid_from, expires;
  uint16_t counts[AJDRV_TABLE_COUNT];
  const uint8_t* tables[AJDRV_TABLE_COUNT];
} ajdrv_bundle_t;

/* AJDRV_E_BUNDLE_FORMAT, or a well-formed bundle, which nobody has vouched for yet. */
ajdrv_error_t ajdrv_bundle_parse(const void* file, size_t size, ajdrv_bundle_t* bundle);
/* True if enough of `roots`' root keys have signed `bundle`, each well. `roots` may be the bundle itself. */
bool ajdrv_bundle_is_signed(const ajdrv_bundle_t* bundle, const ajdrv_bundle_t* roots, const ajdrv_crypto_t* crypto);
/*
 * May `next` take the place of `present`? Signed by enough roots of both; newer, by exactly one where its roots differ.
 * AJDRV_E_BUNDLE_ROOTS, AJDRV_E_BUNDLE_VERSION.
 */
ajdrv_error_t ajdrv_bundle_succeeds(const ajdrv_bundle_t* present, const ajdrv_bundle_t* next,
                                    const ajdrv_crypto_t* crypto);

typedef struct {
  uint8_t roles, arches, categories, lineage_bits;
  const uint8_t* key;
  const uint8_t* lineage;
} ajdrv_key_t;
bool ajdrv_bundle_find_key(const ajdrv_bundle_t* bundle, const uint8_t id[AJDRV_HASH_SIZE],
                           const ajdrv_crypto_t* crypto, ajdrv_key_t* key);
/* The key may speak in this role about this package. */
bool ajdrv_key_covers(const ajdrv_key_t* key, uint32_t role, const ajdrv_package_t* package);
bool ajdrv_key_is_revoked(const ajdrv_bundle_t* bundle, const uint8_t id[AJDRV_HASH_SIZE]);
bool ajdrv_package_is_revoked(const ajdrv_bundle_t* bundle, const uint8_t hash[AJDRV_HASH_SIZE]);

typedef struct {
  uint8_t places, kernel_pub, kernel_sto, kernel_qa, isolated_any;
  uint32_t caps;
} ajdrv_policy_t;
/* The category's policy; a category that the bundle does not name gets the strict default: one PUB and one STO. */
ajdrv_policy_t ajdrv_bundle_policy(const ajdrv_bundle_t* bundle, uint32_t category);

typedef struct {
  uint64_t version;
  uint32_t epoch;
} ajdrv_floor_t;
/* What the bundle demands of this lineage at least; zeros where it says nothing. */
ajdrv_floor_t ajdrv_bundle_floor(const ajdrv_bundle_t* bundle, const uint8_t lineage[AJDRV_LINEAGE_SIZE]);

#ifdef __cplusplus
}
#endif
