// How many threads ran or wanted to, as decaying averages over 1, 5 and 15 minutes: /proc/loadavg and sysinfo().
//
// A timer counts every five seconds. Unlike Linux's, threads that wait for a disk are not counted.
#pragma once

#include <array>

#include "kernel/lib/types.hpp"

namespace ktime {

inline constexpr u64 kLoadOne = 2048;  // a load of 1.00
inline constexpr u64 kLoadPeriodNs = 5'000'000'000;
// kLoadOne * exp(-5 s / window) for windows of 1, 5 and 15 minutes.
inline constexpr std::array<u64, 3> kLoadDecay = {1884, 2014, 2037};

// The average after one more period with `runnable` threads. Rounded towards where it goes, so that it arrives.
constexpr u64 next_load(u64 load, u64 decay, u64 runnable) {
  const u64 active = runnable * kLoadOne;
  const u64 sum = load * decay + active * (kLoadOne - decay);
  return (sum + (active >= load ? kLoadOne - 1 : 0)) / kLoadOne;
}

// In parts of kLoadOne. Any context.
std::array<u64, 3> load_averages();

}  // namespace ktime
