// The counter behind the clock of AArch64: the generic timer's virtual count. In user mode, too: CNTKCTL_EL1.EL0VCTEN.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// The ISB keeps the count from being read early, so that times compared across CPUs do not go backwards (Arm ARM
// D12.2.1).
inline u64 read_counter() {
  u64 count;
  asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(count) : : "memory");
  return count;
}

}  // namespace hal::arch
