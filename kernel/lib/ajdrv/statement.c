#include "kernel/lib/ajdrv/statement.h"

#include <string.h>

#include "kernel/lib/ajdrv/bytes.h"

#define AJDRV_FITS(number, name, context) _Static_assert(sizeof(context) <= AJDRV_CONTEXT_SIZE + 1, "context too long");
AJDRV_ROLES(AJDRV_FITS)
#undef AJDRV_FITS

typedef struct {
  const char* name;
  const char* context;
} role_t;
static const role_t roles[AJDRV_ROLE_COUNT] = {
#define AJDRV_ROLE_ROW(number, name, context) [number] = {#name, context},
    AJDRV_ROLES(AJDRV_ROLE_ROW)
#undef AJDRV_ROLE_ROW
};

const char* ajdrv_role_name(uint32_t role) { return role < AJDRV_ROLE_COUNT ? roles[role].name : NULL; }
const char* ajdrv_role_context(uint32_t role) { return role < AJDRV_ROLE_COUNT ? roles[role].context : NULL; }

void ajdrv_statement(ajdrv_role_t role, uint64_t size, const uint8_t hash[AJDRV_HASH_SIZE],
                     uint8_t statement[AJDRV_STATEMENT_SIZE]) {
  const char* context = roles[role].context;
  memset(statement, 0, AJDRV_STATEMENT_SIZE);
  memcpy(statement, context, strlen(context));
  statement[AJDRV_CONTEXT_SIZE] = (uint8_t)role;
  ajdrv_store(statement + AJDRV_CONTEXT_SIZE + 1, 8, size);
  memcpy(statement + AJDRV_CONTEXT_SIZE + 9, hash, AJDRV_HASH_SIZE);
}
_Static_assert(AJDRV_CONTEXT_SIZE + 9 + AJDRV_HASH_SIZE == AJDRV_STATEMENT_SIZE, "the statement is full");

void ajdrv_key_id(const ajdrv_crypto_t* crypto, const uint8_t key[AJDRV_KEY_SIZE], uint8_t id[AJDRV_HASH_SIZE]) {
  static const char prefix[] = "HALY/key/v1"; /* its NUL counts */
  uint8_t text[sizeof(prefix) + 1 + AJDRV_KEY_SIZE];
  memcpy(text, prefix, sizeof(prefix));
  text[sizeof(prefix)] = 1; /* Ed25519 */
  memcpy(text + sizeof(prefix) + 1, key, AJDRV_KEY_SIZE);
  crypto->sha256(text, sizeof(text), id);
}
