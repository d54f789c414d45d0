// The platform-level interrupt controller (RISC-V PLIC specification 1.0.0).
//
// Every line goes to the boot CPU. Masking is by priority 0, so that a line stays enabled and its completion counts
// even if it is masked meanwhile (PLIC 9: the completion of a line that is not enabled is ignored). Single registers:
// no locks.
#pragma once

#include "kernel/lib/fdt/tree.hpp"

namespace hal::arch {

// Finds and initializes it, all lines masked. False: this machine has none. Boot CPU, once.
bool plic_init(const lib::fdt::Tree& tree);

// False for a line that does not exist.
bool plic_set_masked(u32 line, bool masked);

// The next pending line, or 0.
u32 plic_claim();
void plic_complete(u32 line);

// The line behind a device's interrupt, 0 if it is not one of this controller's.
u32 plic_line(const lib::fdt::Interrupt& interrupt);

}  // namespace hal::arch
