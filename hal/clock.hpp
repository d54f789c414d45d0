// The clock's arithmetic: counts of the machine's counter, and nanoseconds since boot.
//
// Pure, and free of the kernel's state: the vDSO computes the time of a program with the same lines.
// <arch_impl/counter.hpp> offers read_counter(): the count, the same on every CPU, never read early.
#pragma once

#include <arch_impl/counter.hpp>

#include "kernel/lib/types.hpp"

namespace hal {

using arch::read_counter;

// numerator / denominator * 2^32, rounded down, without a 128-bit division, which would call the compiler's library.
// denominator < 2^32.
constexpr u64 ratio_2_32(u64 numerator, u64 denominator) {
  const u64 whole = numerator / denominator, rest = numerator % denominator;
  return whole << 32 | (rest << 32) / denominator;
}

// value * factor / 2^32, or the largest number where that does not fit.
constexpr u64 scaled_2_32(u64 value, u64 factor) {
  const unsigned __int128 product = static_cast<unsigned __int128>(value) * factor;
  return (product >> 96) != 0 ? ~u64{0} : static_cast<u64>(product >> 32);
}

struct ClockScale {
  u64 base = 0;    // count at the kernel's first instructions
  u64 factor = 0;  // nanoseconds per count * 2^32; 0 until it is known: so is the time then

  constexpr u64 nanoseconds_at(u64 count) const {
    return static_cast<u64>((static_cast<unsigned __int128>(count - base) * factor) >> 32);
  }
};

}  // namespace hal
