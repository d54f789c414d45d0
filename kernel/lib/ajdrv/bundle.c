#include "kernel/lib/ajdrv/bundle.h"

#include <string.h>

#include "kernel/lib/ajdrv/bytes.h"
#include "kernel/lib/ajdrv/sections.h"
#include "kernel/lib/ajdrv/signature.h"

static const uint16_t record_size[AJDRV_TABLE_COUNT] = {32, 64, 16, 32, 32, 32, 32};

/* Places of a policy. */
enum { kKernel = 1, kIsolated = 2 };

static const uint8_t* record(const ajdrv_bundle_t* bundle, ajdrv_table_t table, uint32_t index) {
  return bundle->tables[table] + (size_t)index * record_size[table];
}

static bool header_is_sound(const uint8_t* file, size_t size) {
  return size >= AJDRV_BUNDLE_HEADER_SIZE && size <= AJDRV_BUNDLE_MAX_SIZE && ajdrv_u32(file) == AJDRV_BUNDLE_MAGIC &&
         ajdrv_u16(file + 4) == AJDRV_BUNDLE_MAJOR && ajdrv_u16(file + 6) == 0 && ajdrv_u32(file + 8) == size &&
         ajdrv_u32(file + 12) >= AJDRV_BUNDLE_HEADER_SIZE && ajdrv_u32(file + 12) <= size &&
         (ajdrv_u32(file + 0x28) & ~(uint32_t)AJDRV_BUNDLE_FOR_DEVELOPMENT) == 0 && ajdrv_u16(file + 0x2e) == 0 &&
         ajdrv_u16(file + 0x3e) == 0;
}

/* Places the tables; the end of the signed part, or 0 where they do not fit. */
static uint64_t place_tables(ajdrv_bundle_t* bundle) {
  uint64_t at = AJDRV_BUNDLE_HEADER_SIZE;
  for (int table = 0; table < AJDRV_TABLE_COUNT; ++table) {
    bundle->counts[table] = ajdrv_u16(bundle->file + 0x30 + 2 * table);
    bundle->tables[table] = bundle->file + at;
    at += (uint64_t)bundle->counts[table] * record_size[table];
    if (at > bundle->signed_size) return 0;
  }
  const uint64_t end = ajdrv_align(at);
  return end <= bundle->signed_size && ajdrv_all_zero(bundle->file + at, end - at) ? end : 0;
}

static bool keys_are_sound(const ajdrv_bundle_t* bundle) {
  for (uint32_t i = 0; i < bundle->counts[AJDRV_TABLE_KEYS]; ++i) {
    const uint8_t* key = record(bundle, AJDRV_TABLE_KEYS, i);
    const bool sound = key[0] == 1 && key[1] != 0 && key[1] < 1 << AJDRV_LAST_PACKAGE_ROLE && key[4] <= 128 &&
                       ajdrv_all_zero(key + 5, 3) && ajdrv_all_zero(key + 56, 8);
    if (!sound) return false;
    /* One record for each key: otherwise it would matter which is found first. */
    for (uint32_t other = 0; other < i; ++other) {
      if (memcmp(record(bundle, AJDRV_TABLE_KEYS, other) + 8, key + 8, AJDRV_KEY_SIZE) == 0) return false;
    }
  }
  return true;
}

/* No policy may let anything in that nobody signed. */
static bool policies_are_sound(const ajdrv_bundle_t* bundle) {
  uint32_t seen = 0;
  for (uint32_t i = 0; i < bundle->counts[AJDRV_TABLE_POLICIES]; ++i) {
    const uint8_t* policy = record(bundle, AJDRV_TABLE_POLICIES, i);
    if (policy[0] >= AJDRV_CATEGORY_COUNT || (seen & 1u << policy[0]) != 0) return false;
    seen |= 1u << policy[0];
    if ((policy[1] & ~(kKernel | kIsolated)) != 0 || policy[2] == 0 || policy[3] == 0 || policy[5] == 0) return false;
    if (ajdrv_u16(policy + 6) != 0 || (ajdrv_u32(policy + 8) & ~(uint32_t)AJDRV_CAPS_KNOWN) != 0 ||
        ajdrv_u32(policy + 12) != 0) {
      return false;
    }
  }
  return true;
}

static bool floors_are_sound(const ajdrv_bundle_t* bundle) {
  for (uint32_t i = 0; i < bundle->counts[AJDRV_TABLE_FLOORS]; ++i) {
    if (ajdrv_u32(record(bundle, AJDRV_TABLE_FLOORS, i) + 28) != 0) return false;
  }
  return true;
}

/* The same root twice would let one signature count as two. */
static bool roots_are_sound(const ajdrv_bundle_t* bundle) {
  const uint32_t count = bundle->counts[AJDRV_TABLE_ROOTS];
  for (uint32_t i = 1; i < count; ++i) {
    if (memcmp(record(bundle, AJDRV_TABLE_ROOTS, i - 1), record(bundle, AJDRV_TABLE_ROOTS, i), AJDRV_KEY_SIZE) >= 0) {
      return false;
    }
  }
  return count <= AJDRV_MAX_SIGNATURES && bundle->root_threshold >= 1 && bundle->root_threshold <= count;
}

ajdrv_error_t ajdrv_bundle_parse(const void* bytes, size_t size, ajdrv_bundle_t* bundle) {
  const uint8_t* file = bytes;
  if (!header_is_sound(file, size)) return AJDRV_E_BUNDLE_FORMAT;
  ajdrv_bundle_t read = {.file = file,
                         .total_size = (uint32_t)size,
                         .signed_size = ajdrv_u32(file + 12),
                         .version = ajdrv_u64(file + 0x10),
                         .valid_from = ajdrv_u64(file + 0x18),
                         .expires = ajdrv_u64(file + 0x20),
                         .flags = ajdrv_u32(file + 0x28),
                         .root_threshold = ajdrv_u16(file + 0x2c)};
  const uint64_t end = place_tables(&read);
  if (end == 0 || end != read.signed_size) return AJDRV_E_BUNDLE_FORMAT;
  if (!roots_are_sound(&read) || !keys_are_sound(&read) || !policies_are_sound(&read) || !floors_are_sound(&read) ||
      ajdrv_check_signature_block(file + end, size - end, &read.signature_count) != AJDRV_OK) {
    return AJDRV_E_BUNDLE_FORMAT;
  }
  *bundle = read;
  return AJDRV_OK;
}

bool ajdrv_bundle_find_key(const ajdrv_bundle_t* bundle, const uint8_t id[AJDRV_HASH_SIZE],
                           const ajdrv_crypto_t* crypto, ajdrv_key_t* key) {
  for (uint32_t i = 0; i < bundle->counts[AJDRV_TABLE_KEYS]; ++i) {
    const uint8_t* at = record(bundle, AJDRV_TABLE_KEYS, i);
    uint8_t known[AJDRV_HASH_SIZE];
    ajdrv_key_id(crypto, at + 8, known);
    if (memcmp(known, id, sizeof(known)) != 0) continue;
    *key = (ajdrv_key_t){
        .roles = at[1], .arches = at[2], .categories = at[3], .lineage_bits = at[4], .key = at + 8, .lineage = at + 40};
    return true;
  }
  return false;
}

static bool lineage_fits(const ajdrv_key_t* key, const uint8_t* lineage) {
  const unsigned whole = key->lineage_bits / 8, rest = key->lineage_bits % 8;
  if (memcmp(key->lineage, lineage, whole) != 0) return false;
  return rest == 0 || ((key->lineage[whole] ^ lineage[whole]) >> (8 - rest)) == 0;
}

bool ajdrv_key_covers(const ajdrv_key_t* key, uint32_t role, const ajdrv_package_t* package) {
  return (key->roles >> (role - 1) & 1) != 0 && (key->arches >> package->arch & 1) != 0 &&
         (key->categories >> package->category & 1) != 0 && lineage_fits(key, package->lineage);
}

static bool is_listed(const ajdrv_bundle_t* bundle, ajdrv_table_t table, const uint8_t* wanted) {
  for (uint32_t i = 0; i < bundle->counts[table]; ++i) {
    if (memcmp(record(bundle, table, i), wanted, AJDRV_HASH_SIZE) == 0) return true;
  }
  return false;
}
bool ajdrv_key_is_revoked(const ajdrv_bundle_t* bundle, const uint8_t id[AJDRV_HASH_SIZE]) {
  return is_listed(bundle, AJDRV_TABLE_REVOKED_KEYS, id);
}
bool ajdrv_package_is_revoked(const ajdrv_bundle_t* bundle, const uint8_t hash[AJDRV_HASH_SIZE]) {
  return is_listed(bundle, AJDRV_TABLE_REVOKED_PACKAGES, hash);
}

ajdrv_policy_t ajdrv_bundle_policy(const ajdrv_bundle_t* bundle, uint32_t category) {
  for (uint32_t i = 0; i < bundle->counts[AJDRV_TABLE_POLICIES]; ++i) {
    const uint8_t* at = record(bundle, AJDRV_TABLE_POLICIES, i);
    if (at[0] == category) return (ajdrv_policy_t){at[1], at[2], at[3], at[4], at[5], ajdrv_u32(at + 8)};
  }
  return (ajdrv_policy_t){kKernel | kIsolated, 1, 1, 0, 1, AJDRV_CAPS_KNOWN};
}

ajdrv_floor_t ajdrv_bundle_floor(const ajdrv_bundle_t* bundle, const uint8_t lineage[AJDRV_LINEAGE_SIZE]) {
  ajdrv_floor_t floor = {0, 0};
  for (uint32_t i = 0; i < bundle->counts[AJDRV_TABLE_FLOORS]; ++i) {
    const uint8_t* at = record(bundle, AJDRV_TABLE_FLOORS, i);
    if (memcmp(at, lineage, AJDRV_LINEAGE_SIZE) != 0) continue;
    if (ajdrv_u64(at + 16) > floor.version) floor.version = ajdrv_u64(at + 16);
    if (ajdrv_u32(at + 24) > floor.epoch) floor.epoch = ajdrv_u32(at + 24);
  }
  return floor;
}

/* A root's signature must fit; others' do not count. */
static const uint8_t* root_of(const ajdrv_bundle_t* roots, const uint8_t* id, const ajdrv_crypto_t* crypto) {
  for (uint32_t i = 0; i < roots->counts[AJDRV_TABLE_ROOTS]; ++i) {
    uint8_t known[AJDRV_HASH_SIZE];
    ajdrv_key_id(crypto, record(roots, AJDRV_TABLE_ROOTS, i), known);
    if (memcmp(known, id, sizeof(known)) == 0) return record(roots, AJDRV_TABLE_ROOTS, i);
  }
  return NULL;
}

bool ajdrv_bundle_is_signed(const ajdrv_bundle_t* bundle, const ajdrv_bundle_t* roots, const ajdrv_crypto_t* crypto) {
  uint8_t hash[AJDRV_HASH_SIZE], statement[AJDRV_STATEMENT_SIZE];
  crypto->sha256(bundle->file, bundle->signed_size, hash);
  ajdrv_statement(AJDRV_ROLE_ROOT, bundle->signed_size, hash, statement);
  uint32_t good = 0;
  for (uint32_t i = 0; i < bundle->signature_count; ++i) {
    const ajdrv_signature_t signature = ajdrv_signature(bundle->file + bundle->signed_size, i);
    const uint8_t* key = root_of(roots, signature.key_id, crypto);
    if (key == NULL) continue;
    const bool fits = signature.role == AJDRV_ROLE_ROOT && crypto->ed25519_key_is_sound(key) &&
                      crypto->ed25519_verify(signature.signature, statement, sizeof(statement), key);
    if (!fits) return false;
    ++good;
  }
  return good >= roots->root_threshold;
}

static bool has_same_roots(const ajdrv_bundle_t* a, const ajdrv_bundle_t* b) {
  const uint16_t count = a->counts[AJDRV_TABLE_ROOTS];
  return count == b->counts[AJDRV_TABLE_ROOTS] && a->root_threshold == b->root_threshold &&
         memcmp(a->tables[AJDRV_TABLE_ROOTS], b->tables[AJDRV_TABLE_ROOTS], (size_t)count * AJDRV_KEY_SIZE) == 0;
}

ajdrv_error_t ajdrv_bundle_succeeds(const ajdrv_bundle_t* present, const ajdrv_bundle_t* next,
                                    const ajdrv_crypto_t* crypto) {
  if (!ajdrv_bundle_is_signed(next, present, crypto) || !ajdrv_bundle_is_signed(next, next, crypto))
    return AJDRV_E_BUNDLE_ROOTS;
  if (next->version <= present->version) return AJDRV_E_BUNDLE_VERSION;
  if (!has_same_roots(present, next) && next->version != present->version + 1) return AJDRV_E_BUNDLE_VERSION;
  return AJDRV_OK;
}
