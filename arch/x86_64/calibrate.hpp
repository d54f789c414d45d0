// How fast the counters run, measured once against a clock of known rate: the HPET, else the PIT.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct Rates {
  u64 elapsed_ns = 0;  // 0: nothing to measure against
  u64 tsc = 0;         // counts in that time
  u64 lapic = 0;       // counts of the local APIC's timer, undivided
};
// Takes about 10 ms. Boot CPU, interrupts off, after the local APIC is there.
Rates measure_rates();

}  // namespace hal::arch
