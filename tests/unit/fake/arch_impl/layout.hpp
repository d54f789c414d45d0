// Frames of the tests: an area at a fixed address stands for physical memory, its table for the frame table. Both lie
// where neither the sanitizers nor the C library put anything.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline constexpr VirtAddr kDirectMapBase = 0x3000'0000'0000;
inline constexpr u64 kDirectMapSize = 64 * MiB;
inline constexpr VirtAddr kFrameTableBase = 0x3100'0000'0000;
constexpr VirtAddr user_end() { return 0x7fff'ffff'f000; }
inline constexpr VirtAddr kPlacementLimit = user_end();
inline constexpr VirtAddr kUserMinimum = 0x10000;

}  // namespace hal::arch
