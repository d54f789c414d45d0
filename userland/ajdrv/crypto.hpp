// Keys and signatures for the package tools. Hashes and verification are those of all our programs
// (userland/shared/sodium_crypto.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "userland/shared/sodium_crypto.hpp"

namespace tools {

using Key = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

Key random_seed();
Key public_key_of(const Key& seed);
Signature sign(const Key& seed, std::span<const std::uint8_t> message);

}  // namespace tools
