// The host's clock, in nanoseconds.
#pragma once

#include <chrono>

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline u64 read_counter() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<u64>(std::chrono::nanoseconds(now).count());
}

}  // namespace hal::arch
