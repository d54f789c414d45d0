// The clock on RISC-V: the time counter, which all harts share, scaled to nanoseconds.
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

inline u64 read_time() {
  u64 now;
  asm volatile("rdtime %0" : "=r"(now));
  return now;
}

// No barrier: the counters of different harts are at most a tick apart (unprivileged specification, Zicntr).
inline u64 monotonic_ns() {
  return static_cast<u64>((static_cast<unsigned __int128>(read_time() - clock_scale.base) * clock_scale.factor) >> 32);
}

}  // namespace hal::arch
