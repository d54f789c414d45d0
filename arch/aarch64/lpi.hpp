// Locality-specific peripheral interrupts, the lines that messages raise on GICv3 (IHI 0069H 5.1).
//
// Their settings are a table of bytes in memory that all redistributors share; which of them are pending is in a table
// for each CPU, which its redistributor owns once the CPU takes LPIs. Both live for ever. A byte of the settings is
// written by whoever owns the line (its.hpp), under the lock there; redistributors may keep copies until an INV
// command.
#pragma once

#include "arch/aarch64/cpu.hpp"

namespace hal::arch {

inline constexpr u32 kFirstLpi = 8192;

// Makes the table of settings, all masked. EOPNOTSUPP where the controller has no LPIs, ENOMEM. Boot CPU, once; may
// sleep.
Status lpi_init();
// The first number behind the last LPI; kFirstLpi where there are none.
u32 lpi_end();

// Memory for a CPU that has yet to start; without it the CPU takes no LPIs. May sleep.
void lpi_prepare_cpu(CpuLocal& local);
// Sets takes_lpis of the calling CPU. Interrupts off.
void lpi_init_cpu(CpuLocal& local);

// The settings alone: the caller has copies of them invalidated.
void lpi_write_masked(u32 line, bool masked);

}  // namespace hal::arch
