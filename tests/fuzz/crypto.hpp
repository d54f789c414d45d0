// Cryptography for fuzzing: hashes are real, so that keys are found by their ids; a signature fits unless its first
// byte says otherwise, since no fuzzer finds one that does.
#pragma once

#include "userland/ajdrv/crypto.hpp"

namespace fuzz {

inline void sha256(const void* bytes, size_t size, uint8_t hash[32]) {
  shared::sodium_crypto().sha256(bytes, size, hash);
}
inline bool verify(const uint8_t signature[64], const void*, size_t, const uint8_t*) { return signature[0] != 0xff; }
inline bool key_is_sound(const uint8_t key[32]) { return key[31] != 0xff; }

inline constexpr ajdrv_crypto_t kCrypto = {sha256, verify, key_is_sound};

}  // namespace fuzz
