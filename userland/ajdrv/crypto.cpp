#include "userland/ajdrv/crypto.hpp"

#include <sodium.h>

namespace tools {
namespace {

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
