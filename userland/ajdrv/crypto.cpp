#include "userland/ajdrv/crypto.hpp"

#include <sodium.h>

namespace tools {
namespace {

void sha256(const void* bytes, size_t size, uint8_t hash[32]) {
  crypto_hash_sha256(hash, static_cast<const unsigned char*>(bytes), size);
}

bool verify(const uint8_t signature[64], const void* message, size_t size, const uint8_t key[32]) {
  return crypto_sign_verify_detached(signature, static_cast<const unsigned char*>(message), size, key) == 0;
}

bool key_is_sound(const uint8_t key[32]) { return crypto_core_ed25519_is_valid_point(key) == 1; }

struct KeyPair {
  Key open;
  std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret;
};

KeyPair expand(const Key& seed) {
  KeyPair pair;
  crypto_sign_seed_keypair(pair.open.data(), pair.secret.data(), seed.data());
  return pair;
}

}  // namespace

const ajdrv_crypto_t kCrypto = {sha256, verify, key_is_sound};

Key random_seed() {
  Key seed;
  randombytes_buf(seed.data(), seed.size());
  return seed;
}

Key public_key_of(const Key& seed) { return expand(seed).open; }

Signature sign(const Key& seed, std::span<const std::uint8_t> message) {
  KeyPair pair = expand(seed);
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), pair.secret.data());
  sodium_memzero(pair.secret.data(), pair.secret.size());
  return signature;
}

}  // namespace tools
