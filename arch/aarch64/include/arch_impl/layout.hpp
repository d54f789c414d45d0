// The kernel's half of the address space on AArch64: 48-bit addresses, 4 KiB granule, TTBR1 (Arm ARM D8.1).
//
//   0xffff000000000000  direct map         128 TiB: servers put a second socket's RAM at 64 TiB
//   0xffff800000000000  run-time mappings  512 GiB
//   0xffffa00000000000  frame table          2 TiB
//   0xffffc00000000000  kernel image       512 GiB, of which it takes a random place
//   0xffffe00000000000  early console      one page
//
// User programs have TTBR0's half to themselves. Constants only: no state, no locks.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline constexpr VirtAddr kDirectMapBase = 0xffff'0000'0000'0000;
inline constexpr u64 kDirectMapSize = 128 * 1024 * GiB;
inline constexpr VirtAddr kVmallocBase = 0xffff'8000'0000'0000;
inline constexpr VirtAddr kVmallocEnd = kVmallocBase + 512 * GiB;
inline constexpr VirtAddr kFrameTableBase = 0xffff'a000'0000'0000;

// linker.ld repeats it. All references inside the image are relative to the program counter, so that the image may lie
// at any physical and any virtual multiple of 2 MiB.
inline constexpr VirtAddr kImageLinkBase = 0xffff'c000'0000'0000;
inline constexpr u64 kImageSlideLimit = 512 * GiB;
inline constexpr u64 kImageSlideStep = 2 * MiB;

inline constexpr VirtAddr kConsoleBase = 0xffff'e000'0000'0000;

inline constexpr bool kUserRootHasKernelHalf = false;

constexpr VirtAddr user_end() { return 0x0000'ffff'ffff'f000; }
inline constexpr VirtAddr kPlacementLimit = user_end();
inline constexpr VirtAddr kUserMinimum = 0x10000;

}  // namespace hal::arch
