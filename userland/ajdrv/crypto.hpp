// Hashes and Ed25519 by libsodium, for the package tools.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "kernel/lib/ajdrv/crypto.h"

namespace tools {

using Key = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// For the format library. Strict: libsodium refuses what is not canonical or of small order.
extern const ajdrv_crypto_t kCrypto;

Key random_seed();
Key public_key_of(const Key& seed);
Signature sign(const Key& seed, std::span<const std::uint8_t> message);

}  // namespace tools
