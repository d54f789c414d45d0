// The receiving side of tlb_shootdown().
#pragma once

namespace hal::arch {

// Does what other CPUs asked of the calling one. Interrupts off.
void serve_shootdowns();

}  // namespace hal::arch
