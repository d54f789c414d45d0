// The clock on AArch64: the generic timer's virtual count, scaled to nanoseconds.
//
// Written by the boot CPU before kernel_main(), read-only afterwards. Before that the factor is 0 and so is the time.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct ClockScale {
  u64 base = 0;    // count at the kernel's first instructions
  u64 factor = 0;  // nanoseconds per count * 2^32
};
extern ClockScale clock_scale;

// The ISB keeps the count from being read early, so that times compared across CPUs do not go backwards (Arm ARM
// D12.2.1).
inline u64 read_counter() {
  u64 count;
  asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(count) : : "memory");
  return count;
}

inline u64 monotonic_ns() {
  const u64 count = read_counter() - clock_scale.base;
  return static_cast<u64>((static_cast<unsigned __int128>(count) * clock_scale.factor) >> 32);
}

}  // namespace hal::arch
