// Interrupts that arrive as messages (RISC-V Advanced Interrupt Architecture 1.0): what devices write to the CPUs'
// interrupt files (imsic.hpp), and the wired lines that an APLIC turns into the same.
//
// Lines: those of the APLIC keep their numbers, below kWiredLineEnd; above, each CPU has kIdentities of them. A wired
// line takes an identity of the boot CPU when a device with it is found, and keeps it.
#pragma once

#include "arch/riscv64/irq.hpp"
#include "hal/bus.hpp"

namespace hal::arch {

// False: this machine has no interrupt files. Boot CPU, once.
bool aia_init(const lib::fdt::Tree& tree);
extern const InterruptController aia;

// As in hal/bus.hpp.
Result<Message> aia_allocate_message(u32 cpu);
void aia_free_message(u32 line);

}  // namespace hal::arch
