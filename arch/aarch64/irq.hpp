// Interrupts inside the architecture: IPIs, and what other CPUs set up when they start.
#pragma once

#include "arch/aarch64/cpu.hpp"

namespace hal::arch {

// The interrupt controller's part of the calling CPU. Interrupts off. False: it has none.
bool irq_init_cpu();
void irq_send(const CpuLocal& target, Ipi kind);

}  // namespace hal::arch
