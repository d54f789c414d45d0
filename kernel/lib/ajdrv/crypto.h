/* What this library wants of a cryptographic library; the caller brings it. All functions are pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  void (*sha256)(const void* bytes, size_t size, uint8_t hash[32]);
  /*
   * Strict Ed25519 (RFC 8032): S below the group's order, R and the key canonical and of no small order. Refuses
   * whenever in doubt.
   */
  bool (*ed25519_verify)(const uint8_t signature[64], const void* message, size_t size, const uint8_t key[32]);
  /* A canonical point of the prime-order group. */
  bool (*ed25519_key_is_sound)(const uint8_t key[32]);
} ajdrv_crypto_t;
