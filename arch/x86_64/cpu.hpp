// Starting a CPU: whose blocks hal_cpu_init() makes current.
#pragma once

#include "arch/x86_64/gdt.hpp"

namespace hal::arch {

struct StartingCpu {
  CpuLocal* local = nullptr;
  CpuAnchor* cpu = nullptr;
  ThreadAnchor* thread = nullptr;
};
// Read by hal_cpu_init() on the CPU that is being started. start_cpu() sets it; one CPU starts at a time. Null members
// stand for the boot CPU's own.
extern StartingCpu starting_cpu;

}  // namespace hal::arch
