// The kernel's half of the address space on RISC-V. The addresses are those that Sv39 reaches (privileged specification
// 20240411, 12.4); Sv48 and Sv57, with which user programs get more room, have the same.
//
//   0xffffffc000000000  direct map          128 GiB
//   0xffffffe000000000  run-time mappings     8 GiB: few top-level entries of Sv39, which user roots copy
//   0xffffffe800000000  frame table           8 GiB at most
//   0xffffffff80000000  kernel image          2 GiB
//
// user_limit is written once by the boot code. No locks.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline constexpr VirtAddr kDirectMapBase = 0xffff'ffc0'0000'0000;
inline constexpr u64 kDirectMapSize = 128 * GiB;
inline constexpr VirtAddr kVmallocBase = 0xffff'ffe0'0000'0000;
inline constexpr VirtAddr kVmallocEnd = kVmallocBase + 8 * GiB;
inline constexpr VirtAddr kFrameTableBase = 0xffff'ffe8'0000'0000;

// linker.ld repeats the address. The image runs from any 2 MiB of memory.
inline constexpr VirtAddr kImageLinkBase = 0xffff'ffff'8000'0000;
// The slide stays below this, so that image and slide fit the 2 GiB.
inline constexpr u64 kImageSlideLimit = 1 * GiB;
inline constexpr u64 kImageSlideStep = 2 * MiB;

// One satp for both halves.
inline constexpr bool kUserRootHasKernelHalf = true;

// The last page of the lower half stays free, so that no access beside its end leaves the user's half.
inline constexpr VirtAddr kUserEndSv39 = 0x0000'0040'0000'0000 - kPageSize;
inline constexpr VirtAddr kUserEndSv48 = 0x0000'8000'0000'0000 - kPageSize;
inline constexpr VirtAddr kUserEndSv57 = 0x0100'0000'0000'0000 - kPageSize;
extern VirtAddr user_limit;
inline VirtAddr user_end() { return user_limit; }
inline constexpr VirtAddr kPlacementLimit = 0x0001'0000'0000'0000 - kPageSize;
inline constexpr VirtAddr kUserMinimum = 0x10000;

}  // namespace hal::arch
