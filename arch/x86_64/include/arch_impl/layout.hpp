// The kernel's half of the address space on x86-64. The addresses are those that four levels of tables reach (48 bits,
// Intel SDM vol. 3A 4.5); five levels, with which user programs get more room, have the same in one top-level entry.
//
//   0xffff800000000000  direct map           64 TiB
//   0xffffc00000000000  run-time mappings   512 GiB: one top-level entry, so that user roots copy it once
//   0xffffe00000000000  frame table           1 TiB
//   0xffffffff80000000  kernel image          2 GiB: what 32-bit signed displacements reach
//
// hal_x86_user_limit is written once by the boot code. No locks.
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
inline constexpr VirtAddr kUserEnd4 = 0x0000'8000'0000'0000 - kPageSize;
inline constexpr VirtAddr kUserEnd5 = 0x0100'0000'0000'0000 - kPageSize;
extern "C" VirtAddr hal_x86_user_limit;  // trap_entry.S compares with it
inline VirtAddr user_end() { return hal_x86_user_limit; }
inline constexpr VirtAddr kPlacementLimit = kUserEnd4;
inline constexpr VirtAddr kUserMinimum = 0x10000;

}  // namespace hal::arch
