// What the architecture keeps of each CPU beside its CpuAnchor, which points here with `scratch2`.
//
// A CPU's own block is touched by itself with interrupts off; the atomic members by all. `scratch` of the anchor is the
// top of the CPU's emergency stack.
#pragma once

#include "hal/context.hpp"
#include "hal/smp.hpp"

namespace hal::arch {

inline constexpr u32 kNoLine = ~u32{0};

struct CpuLocal {
  u64 hart = 0;
  std::atomic<u32> pending_ipis = 0;  // bit n: Ipi n was sent
  u32 line_in_service = kNoLine;      // claimed from the PLIC and not completed
  u64 timer_deadline = 0;             // 0: nothing is armed
  ThreadState* user_state = nullptr;  // whose user state is entered (hal/context.hpp)
  VirtAddr emergency_stack = 0;       // its top
};

// By logical number; null until the CPU has started.
extern std::atomic<CpuLocal*> cpu_locals[kMaxCpus];

inline CpuLocal* cpu_local_of(const CpuAnchor& cpu) { return reinterpret_cast<CpuLocal*>(cpu.scratch2); }

// Of the calling CPU. Interrupts off.
CpuLocal& cpu_local();

struct StartingCpu {
  CpuLocal* local = nullptr;
  CpuAnchor* cpu = nullptr;
  ThreadAnchor* thread = nullptr;
};
// Read by hal_cpu_init() on the CPU that is being started. start_cpu() sets it; one CPU starts at a time. Null members
// stand for the boot CPU's own.
extern StartingCpu starting_cpu;

}  // namespace hal::arch
