// FNV-1a, 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv): for hash tables whose keys no enemy chooses, or whose chains
// are bounded in other ways.
#pragma once

#include <string_view>

#include "kernel/lib/types.hpp"

namespace lib {

inline constexpr u64 kFnvOffset = 0xcbf29ce484222325;
inline constexpr u64 kFnvPrime = 0x100000001b3;

constexpr u64 fnv1a(std::string_view bytes, u64 hash = kFnvOffset) {
  for (const char c : bytes) hash = (hash ^ static_cast<u8>(c)) * kFnvPrime;
  return hash;
}

// Spreads an integer key (the finalizer of splitmix64).
constexpr u64 mix(u64 key) {
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9;
  key = (key ^ (key >> 27)) * 0x94d049bb133111eb;
  return key ^ (key >> 31);
}

}  // namespace lib
