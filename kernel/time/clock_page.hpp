// The page by which programs read the clock without a system call: the kernel writes it, the vDSO reads it.
#pragma once

#include <atomic>

#include "hal/clock.hpp"

namespace ktime {

struct ClockPage {
  hal::ClockScale scale;            // written once, before a program can see it
  std::atomic<i64> wall_offset_ns;  // what the time of day is ahead of the monotonic clock
};

// Writes the clock to `page`, and the time of day whenever it is set from now on. Once, at boot, before the first
// program; the page stays for ever.
void publish_clock(ClockPage& page);

}  // namespace ktime
