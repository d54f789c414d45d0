// The clock and the one-shot timer of each CPU.
#pragma once

#include "hal/clock.hpp"
#include "hal/timer.h"
#include "kernel/lib/types.hpp"

namespace hal {

// Written at boot, by hal_timer_init() at the latest, on the boot CPU; read-only afterwards.
extern ClockScale clock_scale;

// Nanoseconds since boot; monotonic and the same on all CPUs. Some ten instructions. Any context.
inline u64 monotonic_ns() { return clock_scale.nanoseconds_at(read_counter()); }

// Arms the calling CPU's timer: on_tick() is called at or soon after `deadline_ns` (of monotonic_ns), at once when it
// has passed. Replaces what was armed. Interrupts off.
void timer_arm(u64 deadline_ns);
// Nothing armed any more; an interrupt that is already pending may still arrive.
void timer_disarm();

// Seconds since 1970 by the machine's battery clock, UTC; 0 where there is none or it makes no sense. May take some
// milliseconds; boot only.
u64 wall_clock_seconds();

}  // namespace hal
