// Registers that may not be where firmware says (QEMU 7.2 with its=off lists an ITS all the same): reading where
// nothing answers is an external abort, which is survived here alone. No state.
#pragma once

#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "kernel/lib/types.hpp"

namespace hal::arch {

// probe.S: whether the four bytes can be read.
extern "C" bool hal_aarch64_answers(const volatile void* at);

// Where physical addresses end: what an entry of a page table has room for with pages of 4 KiB (Arm ARM D8.3.1).
inline constexpr u64 kPhysicalEnd = u64{1} << 48;
constexpr bool is_physical(u64 base, u64 size) { return base < kPhysicalEnd && size <= kPhysicalEnd - base; }

// Maps them for good, if the register at `probe`, which can be read without effect, answers; else null, and the log
// says it. May sleep.
inline volatile u8* map_registers(u64 base, usize size, usize probe) {
  constexpr u32 kFlags = HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE;
  volatile void* mapped = is_physical(base, size) ? hal_map_physical(base, size, kFlags) : nullptr;
  auto* registers = static_cast<volatile u8*>(mapped);
  if (mapped != nullptr && hal_aarch64_answers(registers + probe)) return registers;
  hal_log(HAL_LOG_WARNING, "gic", "nothing answers at %#lx", base);
  hal_unmap_physical(mapped, size);
  return nullptr;
}

}  // namespace hal::arch
