// Interrupts inside the architecture: IPIs, and what other CPUs set up when they start.
#pragma once

#include "arch/aarch64/cpu.hpp"

namespace hal::arch {

// What a CPU that is about to start needs for its interrupts: memory, which it cannot allocate itself. May sleep.
void irq_prepare_cpu(CpuLocal& local);
// The interrupt controller's part of the calling CPU. Interrupts off. False: it has none.
bool irq_init_cpu();
void irq_send(const CpuLocal& target, Ipi kind);
// How a shared line, masked until now or already like that, asks for attention. False: there is no such line. Any
// context.
bool irq_set_trigger(u32 line, bool edge);

}  // namespace hal::arch
