// Page-table entries of x86-64 (Intel SDM vol. 3A 4.5, tables 4-15 to 4-20).
//
// Cacheability goes by the PAT as hal_cpu_init() programs it: index 0 write-back, 1 write-combining, 3 uncached. Only
// the PWT and PCD bits select among those, so that the PAT bit, which sits elsewhere in large pages, is never needed.
// An entry whose flags allow no access at all keeps its address with P = 0 and a software bit, and counts as present.
#pragma once

#include "hal/page_flags.hpp"
#include "kernel/lib/types.hpp"

namespace hal::arch {

// 5 where the CPU has LA57 and the command line does not forbid it. Written by the boot code, constant afterwards.
extern unsigned paging_levels;
// 2 where the CPU has 1 GiB pages (CPUID 80000001h EDX bit 26). Written by the boot code, constant afterwards.
extern unsigned max_leaf_level;

struct Pte {
  static constexpr u64 kPresent = 1 << 0;
  static constexpr u64 kWrite = 1 << 1;
  static constexpr u64 kUser = 1 << 2;
  static constexpr u64 kWriteThrough = 1 << 3;
  static constexpr u64 kCacheDisable = 1 << 4;
  static constexpr u64 kAccessed = 1 << 5;
  static constexpr u64 kDirty = 1 << 6;
  static constexpr u64 kLarge = 1 << 7;
  static constexpr u64 kGlobal = 1 << 8;
  static constexpr u64 kCow = 1 << 9;      // software
  static constexpr u64 kNoRead = 1 << 10;  // software: mapped, but nobody may touch it
  static constexpr u64 kNoExec = u64{1} << 63;
  static constexpr u64 kAddressMask = 0x000f'ffff'ffff'f000;

  static unsigned levels() { return paging_levels; }
  static unsigned max_leaf_level() { return arch::max_leaf_level; }

  // The tables allow everything; the leaves decide (an access needs the permission at every level).
  static constexpr u64 make_table(PhysAddr table) { return table.value | kPresent | kWrite | kUser | kAccessed; }

  static constexpr u64 make_leaf(PhysAddr page, unsigned level, PageFlags flags) {
    // Accessed is set from the start: letting the CPU set it costs a locked write at the first use.
    u64 entry = page.value | kAccessed;
    entry |= any(flags & (PageFlags::Read | PageFlags::Write | PageFlags::Exec)) ? kPresent : kNoRead;
    if (has(flags, PageFlags::Write)) entry |= kWrite;
    if (!has(flags, PageFlags::Exec)) entry |= kNoExec;
    if (has(flags, PageFlags::User)) entry |= kUser;
    if (has(flags, PageFlags::Global)) entry |= kGlobal;
    if (has(flags, PageFlags::Device)) entry |= kWriteThrough | kCacheDisable;
    if (has(flags, PageFlags::WriteCombine)) entry |= kWriteThrough;
    if (has(flags, PageFlags::Dirty)) entry |= kDirty;
    if (has(flags, PageFlags::Cow)) entry |= kCow;
    return level == 0 ? entry : entry | kLarge;
  }

  static constexpr bool present(u64 entry) { return (entry & (kPresent | kNoRead)) != 0; }
  static constexpr bool is_leaf(u64 entry, unsigned level) { return level == 0 || (entry & kLarge) != 0; }
  static constexpr PhysAddr address(u64 entry) { return {entry & kAddressMask}; }

  static constexpr PageFlags flags(u64 entry) {
    PageFlags flags = PageFlags::None;
    if ((entry & kPresent) != 0) {
      flags |= PageFlags::Read;
      if ((entry & kNoExec) == 0) flags |= PageFlags::Exec;
    }
    if ((entry & kWrite) != 0) flags |= PageFlags::Write;
    if ((entry & kUser) != 0) flags |= PageFlags::User;
    if ((entry & kGlobal) != 0) flags |= PageFlags::Global;
    if ((entry & kCacheDisable) != 0) {
      flags |= PageFlags::Device;
    } else if ((entry & kWriteThrough) != 0) {
      flags |= PageFlags::WriteCombine;
    }
    if ((entry & kDirty) != 0) flags |= PageFlags::Dirty;
    if ((entry & kCow) != 0) flags |= PageFlags::Cow;
    return flags;
  }
};

}  // namespace hal::arch
