#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline u64 test_clock_ns = 1'000'000'000;
inline u64 monotonic_ns() { return test_clock_ns += 1000; }

}  // namespace hal::arch
