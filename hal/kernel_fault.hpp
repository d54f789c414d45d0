// Faults of kernel code, alike on every architecture: what may touch user memory, where code goes on whose access
// failed, and what a fault that nothing answers is called.
//
// arch/X/user_access.S puts its code between __user_access_start and __user_access_end, and for each instruction that
// may fault an entry into the table of fix-ups; arch/X/linker.ld keeps both.
#pragma once

#include "hal/layout.hpp"
#include "hal/upcalls.hpp"

namespace hal {

struct FixupEntry {
  i32 from, to;  // relative to themselves: no relocation
};

extern "C" {
extern const u8 __user_access_start[], __user_access_end[];
extern const FixupEntry __fixups_start[], __fixups_end[];
}

// Only these instructions may touch user memory: any other kernel code that does is broken, and bringing the page in
// for it would hide that.
inline bool is_user_access(VirtAddr instruction) {
  return instruction >= reinterpret_cast<VirtAddr>(__user_access_start) &&
         instruction < reinterpret_cast<VirtAddr>(__user_access_end);
}

inline bool is_stray_access(VirtAddr instruction, VirtAddr address) {
  return address < arch::user_end() && !is_user_access(instruction);
}

// Where the code goes on of which this instruction faulted. 0: nowhere, the kernel is broken.
inline VirtAddr fixup_of(VirtAddr instruction) {
  const auto target = [](const i32& offset) {
    return reinterpret_cast<VirtAddr>(&offset) + static_cast<VirtAddr>(offset);
  };
  for (const FixupEntry* entry = __fixups_start; entry != __fixups_end; ++entry) {
    if (target(entry->from) == instruction) return target(entry->to);
  }
  return 0;
}

inline const char* kernel_page_fault_name(const kernel::PageFault& fault) {
  if (fault.address < arch::user_end()) {
    return fault.execute ? "kernel executes user memory" : "kernel touches user memory";
  }
  if (fault.execute) return "kernel executes memory that is not code";
  return fault.protection && fault.write ? "kernel writes read-only memory" : "page fault";
}

}  // namespace hal
