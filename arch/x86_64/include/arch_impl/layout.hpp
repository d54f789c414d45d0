// The kernel's half of the address space on x86-64 with four levels of tables (48-bit addresses, Intel SDM vol.
// 3A 4.5).
//
//   0xffff800000000000  direct map           64 TiB
//   0xffffc00000000000  run-time mappings   512 GiB: one top-level entry, so that user roots copy it once
//   0xffffe00000000000  frame table           1 TiB
//   0xffffffff80000000  kernel image          2 GiB: what 32-bit signed displacements reach
//
// Constants only: no state, no locks.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline constexpr VirtAddr kDirectMapBase = 0xffff'8000'0000'0000;
inline constexpr u64 kDirectMapSize = 64 * 1024 * GiB;
inline constexpr VirtAddr kVmallocBase = 0xffff'c000'0000'0000;
inline constexpr VirtAddr kVmallocEnd = kVmallocBase + 512 * GiB;
inline constexpr VirtAddr kFrameTableBase = 0xffff'e000'0000'0000;

// The image is linked at physical address + kImageVirtualBase and loaded at 16 MiB: above what firmware and boot
// loaders use for themselves, and low enough for small machines. boot.S and linker.ld repeat the two numbers.
inline constexpr VirtAddr kImageVirtualBase = 0xffff'ffff'8000'0000;
inline constexpr u64 kImageLoadAddress = 16 * MiB;
inline constexpr VirtAddr kImageLinkBase = kImageVirtualBase + kImageLoadAddress;
// The slide stays below this, so that image and slide fit the 2 GiB.
inline constexpr u64 kImageSlideLimit = 1 * GiB;
inline constexpr u64 kImageSlideStep = 2 * MiB;

// One CR3 for both halves.
inline constexpr bool kUserRootHasKernelHalf = true;

// The last page of the lower half stays free, as on Linux: SYSRET to the first non-canonical address faults in kernel
// mode (Intel SDM vol. 2B, SYSRET), and without this page no SYSCALL instruction can end there.
constexpr VirtAddr user_end() { return 0x0000'7fff'ffff'f000; }
inline constexpr VirtAddr kUserMinimum = 0x10000;

}  // namespace hal::arch
