// The clock on x86-64: the time-stamp counter, scaled to nanoseconds.
//
// Written once by hal_timer_init() on the boot CPU, read-only afterwards. Before that the factor is 0 and so is the
// time.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct ClockScale {
  u64 base = 0;    // counter at the kernel's first instructions
  u64 factor = 0;  // nanoseconds per count * 2^32
};
extern ClockScale clock_scale;

inline u64 read_tsc() {
  u32 low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return u64{high} << 32 | low;
}

// LFENCE keeps RDTSC from being executed early, so that times compared across CPUs do not go backwards (Intel SDM vol.
// 2B, RDTSC).
inline u64 monotonic_ns() {
  asm volatile("lfence" : : : "memory");
  return static_cast<u64>((static_cast<unsigned __int128>(read_tsc() - clock_scale.base) * clock_scale.factor) >> 32);
}

}  // namespace hal::arch
