// The platform-level interrupt controller (RISC-V PLIC specification 1.0.0).
//
// Every line goes to the boot CPU. Masking is by priority 0, so that a line stays enabled and its completion counts
// even if it is masked meanwhile (PLIC 9: the completion of a line that is not enabled is ignored). Single registers:
// no locks.
#pragma once

#include "arch/riscv64/irq.hpp"

namespace hal::arch {

// Finds and initializes it, all lines masked. False: this machine has none. Boot CPU, once.
bool plic_init(const lib::fdt::Tree& tree);
extern const InterruptController plic;

}  // namespace hal::arch
