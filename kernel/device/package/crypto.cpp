#include "kernel/device/package/crypto.hpp"

#include "kernel/lib/types.hpp"

extern "C" {
#include <sodium/crypto_hash_sha256.h>
#include <sodium/crypto_hash_sha512.h>
#include <sodium/crypto_sign_ed25519.h>

// From libsodium's private headers, which cannot be included from outside. A point is four field elements of five
// words.
struct Point {
  u64 words[20];
};
int ge25519_is_canonical(const unsigned char* bytes);
int ge25519_has_small_order(const unsigned char* bytes);
int ge25519_frombytes(Point* point, const unsigned char* bytes);
int ge25519_is_on_curve(const Point* point);
int ge25519_is_on_main_subgroup(const Point* point);

// What libsodium's files want of the rest of it. Nothing here is signed after hashing (Ed25519ph).
void _crypto_sign_ed25519_ref10_hinit(crypto_hash_sha512_state* state, int /*prehashed*/) {
  crypto_hash_sha512_init(state);
}
void sodium_memzero(void* memory, size_t size) {
  auto* bytes = static_cast<volatile unsigned char*>(memory);  // volatile: nobody reads it, and it must be done
  for (size_t i = 0; i < size; ++i) bytes[i] = 0;
}
int sodium_is_zero(const unsigned char* bytes, size_t size) {
  unsigned char all = 0;
  for (size_t i = 0; i < size; ++i) all |= bytes[i];
  return all == 0 ? 1 : 0;
}
int sodium_memcmp(const void* a, const void* b, size_t size) {
  const auto* left = static_cast<const unsigned char*>(a);
  const auto* right = static_cast<const unsigned char*>(b);
  unsigned char differs = 0;
  for (size_t i = 0; i < size; ++i) differs = static_cast<unsigned char>(differs | (left[i] ^ right[i]));
  return differs == 0 ? 0 : -1;
}
}

namespace device {
namespace {

void sha256(const void* bytes, size_t size, uint8_t hash[32]) {
  crypto_hash_sha256(hash, static_cast<const unsigned char*>(bytes), size);
}

// libsodium refuses what is not canonical or of small order itself, unless built with ED25519_COMPAT.
bool verify(const uint8_t signature[64], const void* message, size_t size, const uint8_t key[32]) {
  const auto* bytes = static_cast<const unsigned char*>(message);
  return crypto_sign_ed25519_verify_detached(signature, bytes, size, key) == 0;
}

bool key_is_sound(const uint8_t key[32]) {
  Point point;
  return ge25519_is_canonical(key) != 0 && ge25519_has_small_order(key) == 0 && ge25519_frombytes(&point, key) == 0 &&
         ge25519_is_on_curve(&point) != 0 && ge25519_is_on_main_subgroup(&point) != 0;
}

}  // namespace

const ajdrv_crypto_t kCrypto = {sha256, verify, key_is_sound};

}  // namespace device
