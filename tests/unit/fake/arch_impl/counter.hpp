// A clock for tests: a microsecond passes with each look at it.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline u64 test_count = 1'000'000'000;
inline u64 read_counter() { return test_count += 1000; }

}  // namespace hal::arch
