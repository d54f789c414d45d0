// Page-table entries of RISC-V: Sv39, Sv48 and Sv57 (privileged specification 20240411, 12.3.1, 12.4 to 12.6;
// Svpbmt: 12.7).
//
// Accessed is set from the start, and the hardware's dirty bit with every writable leaf, so that neither a CPU that
// sets them itself nor one that faults instead has anything to do. PageFlags::Dirty is kept beside them. An entry whose
// flags allow no access at all keeps its address with V = 0 and R = 1, and counts as present. CPUs without Svpbmt know
// by the address what is a device's; there WriteCombine comes back as Device.
#pragma once

#include "hal/page_flags.hpp"
#include "kernel/lib/types.hpp"

namespace hal::arch {

// Written by the boot code, constant afterwards.
struct PagingMode {
  unsigned levels = 3;  // 3: Sv39, 4: Sv48, 5: Sv57
  u64 device = 0;       // Svpbmt's IO and NC where the CPU has it
  u64 write_combine = 0;
};
extern PagingMode paging_mode;

struct Pte {
  static constexpr u64 kValid = 1 << 0;
  static constexpr u64 kRead = 1 << 1;
  static constexpr u64 kWrite = 1 << 2;
  static constexpr u64 kExec = 1 << 3;
  static constexpr u64 kUser = 1 << 4;
  static constexpr u64 kGlobal = 1 << 5;
  static constexpr u64 kAccessed = 1 << 6;
  static constexpr u64 kDirty = 1 << 7;
  static constexpr u64 kCow = 1 << 8;       // software, where kWrite is clear
  static constexpr u64 kNotDirty = 1 << 8;  // software, where kWrite is set: mapped without PageFlags::Dirty
  static constexpr u64 kUncached = 1 << 9;  // software
  static constexpr u64 kNonCacheable = u64{1} << 61;
  static constexpr u64 kStrictIo = u64{2} << 61;
  static constexpr unsigned kAddressShift = 10;  // from the bit where an entry has the page number
  static constexpr u64 kNumberMask = (u64{1} << 44) - 1;

  static unsigned levels() { return paging_mode.levels; }
  static constexpr unsigned max_leaf_level() { return 2; }

  static constexpr u64 make_table(PhysAddr table) { return number(table) | kValid; }

  static u64 make_leaf(PhysAddr page, unsigned, PageFlags flags) {
    u64 entry = number(page) | kAccessed;
    if (has(flags, PageFlags::Read)) entry |= kValid | kRead;
    if (has(flags, PageFlags::Exec)) entry |= kValid | kExec;
    if (has(flags, PageFlags::Write)) {
      entry |= kValid | kRead | kWrite | kDirty;  // write without read is reserved
      if (!has(flags, PageFlags::Dirty)) entry |= kNotDirty;
    } else {
      if (has(flags, PageFlags::Dirty)) entry |= kDirty;
      if (has(flags, PageFlags::Cow)) entry |= kCow;
    }
    if ((entry & kValid) == 0) entry |= kRead;
    if (has(flags, PageFlags::User)) entry |= kUser;
    if (has(flags, PageFlags::Global)) entry |= kGlobal;
    if (has(flags, PageFlags::Device)) entry |= kUncached | paging_mode.device;
    if (has(flags, PageFlags::WriteCombine)) entry |= kUncached | paging_mode.write_combine;
    return entry;
  }

  static constexpr bool present(u64 entry) { return (entry & (kValid | kRead)) != 0; }
  static constexpr bool is_leaf(u64 entry, unsigned) { return (entry & (kRead | kWrite | kExec)) != 0; }
  static constexpr PhysAddr address(u64 entry) { return {(entry >> kAddressShift & kNumberMask) << kPageShift}; }

  static constexpr PageFlags flags(u64 entry) {
    PageFlags flags = PageFlags::None;
    if ((entry & kValid) != 0) {
      if ((entry & kRead) != 0) flags |= PageFlags::Read;
      if ((entry & kExec) != 0) flags |= PageFlags::Exec;
    }
    if ((entry & kWrite) != 0) {
      flags |= PageFlags::Write;
      if ((entry & kNotDirty) == 0) flags |= PageFlags::Dirty;
    } else {
      if ((entry & kDirty) != 0) flags |= PageFlags::Dirty;
      if ((entry & kCow) != 0) flags |= PageFlags::Cow;
    }
    if ((entry & kUser) != 0) flags |= PageFlags::User;
    if ((entry & kGlobal) != 0) flags |= PageFlags::Global;
    if ((entry & kUncached) != 0) flags |= (entry & kNonCacheable) != 0 ? PageFlags::WriteCombine : PageFlags::Device;
    return flags;
  }

 private:
  static constexpr u64 number(PhysAddr address) { return address.value >> kPageShift << kAddressShift; }
};

}  // namespace hal::arch
