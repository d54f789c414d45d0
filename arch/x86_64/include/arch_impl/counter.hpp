// The counter behind the clock of x86-64: the time-stamp counter. In user mode, too: CR4.TSD stays clear.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// May be read before what stands before it has been done.
inline u64 read_tsc() {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return u64{high} << 32 | low;
}

// LFENCE keeps RDTSC from being executed early, so that times compared across CPUs do not go backwards (Intel SDM vol.
// 2B, RDTSC).
inline u64 read_counter() {
  asm volatile("lfence" : : : "memory");
  return read_tsc();
}

}  // namespace hal::arch
