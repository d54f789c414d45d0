// Page-table entries of AArch64, stage 1, 4 KiB granule (Arm ARM D8.3, figures D8-13 to D8-16).
//
// Levels are numbered from the leaves here: level 0 is Arm's level 3. Memory types go by MAIR_EL1 as hal_cpu_init()
// programs it: 0 normal write-back, 1 device-nGnRE, 2 normal non-cacheable. The access flag is set from the start,
// since setting it costs a fault or a locked write at the first use. An entry whose flags allow no access at all keeps
// its address with the valid bit 0 and a software bit, and counts as present.
#pragma once

#include "hal/page_flags.hpp"
#include "kernel/lib/types.hpp"

namespace hal::arch {

struct Pte {
  static constexpr u64 kValid = 1 << 0;
  static constexpr u64 kTable = 1 << 1;  // a table, or a page at level 0; clear in blocks
  static constexpr u64 kAttributeShift = 2;
  static constexpr u64 kAttributeMask = 7 << kAttributeShift;
  static constexpr u64 kNormal = 0 << kAttributeShift;
  static constexpr u64 kDevice = 1 << kAttributeShift;
  static constexpr u64 kNonCacheable = 2 << kAttributeShift;
  static constexpr u64 kUser = 1 << 6;      // AP[1]
  static constexpr u64 kReadOnly = 1 << 7;  // AP[2]
  static constexpr u64 kInnerShareable = 3 << 8;
  static constexpr u64 kAccessed = 1 << 10;
  static constexpr u64 kNotGlobal = 1 << 11;
  static constexpr u64 kKernelNoExec = u64{1} << 53;  // PXN
  static constexpr u64 kUserNoExec = u64{1} << 54;    // UXN
  static constexpr u64 kDirty = u64{1} << 55;         // software, as the next two
  static constexpr u64 kCow = u64{1} << 56;
  static constexpr u64 kNoAccess = u64{1} << 57;
  static constexpr u64 kAddressMask = 0x0000'ffff'ffff'f000;

  static constexpr unsigned levels() { return 4; }
  static constexpr unsigned max_leaf_level() { return 2; }  // every CPU has 1 GiB blocks with this granule

  // The tables allow everything; the leaves decide.
  static constexpr u64 make_table(PhysAddr table) { return table.value | kValid | kTable; }

  static constexpr u64 make_leaf(PhysAddr page, unsigned level, PageFlags flags) {
    u64 entry = page.value | kAccessed | kInnerShareable;
    entry |= any(flags & (PageFlags::Read | PageFlags::Write | PageFlags::Exec)) ? kValid : kNoAccess;
    if (level == 0) entry |= kTable;
    if (!has(flags, PageFlags::Write)) entry |= kReadOnly;
    // What user mode may reach the kernel never executes, and the other way round.
    const bool user = has(flags, PageFlags::User), exec = has(flags, PageFlags::Exec);
    if (user) entry |= kUser;
    if (user || !exec) entry |= kKernelNoExec;
    if (!user || !exec) entry |= kUserNoExec;
    if (!has(flags, PageFlags::Global)) entry |= kNotGlobal;
    if (has(flags, PageFlags::Device)) {
      entry |= kDevice;
    } else if (has(flags, PageFlags::WriteCombine)) {
      entry |= kNonCacheable;
    }
    if (has(flags, PageFlags::Dirty)) entry |= kDirty;
    if (has(flags, PageFlags::Cow)) entry |= kCow;
    return entry;
  }

  static constexpr bool present(u64 entry) { return (entry & (kValid | kNoAccess)) != 0; }
  static constexpr bool is_leaf(u64 entry, unsigned level) { return level == 0 || (entry & kTable) == 0; }
  static constexpr PhysAddr address(u64 entry) { return {entry & kAddressMask}; }

  static constexpr PageFlags flags(u64 entry) {
    PageFlags flags = PageFlags::None;
    const bool user = (entry & kUser) != 0;
    if ((entry & kValid) != 0) {
      flags |= PageFlags::Read;
      if ((entry & (user ? kUserNoExec : kKernelNoExec)) == 0) flags |= PageFlags::Exec;
    }
    if ((entry & kReadOnly) == 0) flags |= PageFlags::Write;
    if (user) flags |= PageFlags::User;
    if ((entry & kNotGlobal) == 0) flags |= PageFlags::Global;
    if ((entry & kAttributeMask) == kDevice) flags |= PageFlags::Device;
    if ((entry & kAttributeMask) == kNonCacheable) flags |= PageFlags::WriteCombine;
    if ((entry & kDirty) != 0) flags |= PageFlags::Dirty;
    if ((entry & kCow) != 0) flags |= PageFlags::Cow;
    return flags;
  }
};

}  // namespace hal::arch
