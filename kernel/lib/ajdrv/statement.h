/*
 * What is signed: 64 bytes that say what kind of thing it is, in which role the signer speaks, how long the thing is
 * and its SHA-256.
 *
 * Every kind has a context of its own of 23 bytes, NUL-padded; no context begins another, so that what was signed for
 * one purpose fits no other. The role stands in the statement once more, so that a publisher's signature never passes
 * for the store's.
 */
#pragma once

#include "kernel/lib/ajdrv/crypto.h"
#include "kernel/lib/ajdrv/format.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { AJDRV_STATEMENT_SIZE = 64, AJDRV_CONTEXT_SIZE = 23 };

/* X(number, name, context). The roles of keys, which are the signed purposes at the same time. */
#define AJDRV_ROLES(X)                   \
  X(1, PUB, "HALY/ajdrv/pkg/v2/PUB")     \
  X(2, STO, "HALY/ajdrv/pkg/v2/STO")     \
  X(3, OWN, "HALY/ajdrv/pkg/v2/OWN")     \
  X(4, QA, "HALY/ajdrv/pkg/v2/QA")       \
  X(5, ROOT, "HALY/trust/v1")            \
  X(6, DIRECTOR, "HALY/recommend/v1")    \
  X(7, TIME, "HALY/time/v1")             \
  X(8, CHECKPOINT, "HALY/checkpoint/v1") \
  X(9, DEVICE, "HALY/device/auth/v1")

typedef enum {
#define AJDRV_ROLE_ENUMERATOR(number, name, context) AJDRV_ROLE_##name = number,
  AJDRV_ROLES(AJDRV_ROLE_ENUMERATOR)
#undef AJDRV_ROLE_ENUMERATOR
} ajdrv_role_t;
enum { AJDRV_ROLE_COUNT = 10, AJDRV_LAST_PACKAGE_ROLE = AJDRV_ROLE_QA };

/* "PUB"; NULL for a number that is no role. */
const char* ajdrv_role_name(uint32_t role);
const char* ajdrv_role_context(uint32_t role);

/* The statement over `size` bytes whose SHA-256 is `hash`. `role` is one of AJDRV_ROLES. */
void ajdrv_statement(ajdrv_role_t role, uint64_t size, const uint8_t hash[AJDRV_HASH_SIZE],
                     uint8_t statement[AJDRV_STATEMENT_SIZE]);

/* The name of an Ed25519 key: SHA-256("HALY/key/v1\0" || 1 || key). */
void ajdrv_key_id(const ajdrv_crypto_t* crypto, const uint8_t key[AJDRV_KEY_SIZE], uint8_t id[AJDRV_HASH_SIZE]);

#ifdef __cplusplus
}
#endif
