// The one-shot timer's interrupt.
#pragma once

#include "hal/trap.hpp"

namespace hal::arch {

// Interrupts off.
void timer_interrupt(const TrapFrame& frame);

}  // namespace hal::arch
