// The time of day: the monotonic clock plus an offset that the battery clock gives at boot and settimeofday changes.
#pragma once

#include "kernel/lib/types.hpp"

namespace ktime {

void init_wall_clock();
// Nanoseconds since 1970, UTC. Any context.
i64 wall_clock_ns();
void set_wall_clock_ns(i64 ns);

}  // namespace ktime
