// The one-shot timer's interrupt. Interrupts off.
#pragma once

#include "hal/trap.hpp"

namespace hal::arch {

// The line by which the timer interrupts; 0 before hal_timer_init().
u32 timer_line();

// Takes the request away, which lasts as long as the deadline lies in the past: before the controller is told.
void timer_quiet();

// Already acknowledged.
void timer_interrupt(const TrapFrame& frame);

}  // namespace hal::arch
