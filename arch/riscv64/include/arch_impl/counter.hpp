// The counter behind the clock of RISC-V: time, which all harts share. In user mode, too: scounteren.TM.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// No barrier: the counters of different harts are at most a tick apart (unprivileged specification, Zicntr).
inline u64 read_counter() {
  u64 now;
  asm volatile("rdtime %0" : "=r"(now));
  return now;
}

}  // namespace hal::arch
