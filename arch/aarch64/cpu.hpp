// The block that each CPU owns, and starting a CPU.
//
// CpuLocal is the architecture's counterpart of the kernel's CpuAnchor, which points at it (scratch2). The boot CPU's
// is static; those of the others are allocated once and live for ever. Only the owning CPU touches its block, with
// interrupts off, but for what is constant once the CPU runs.
#pragma once

#include "arch/aarch64/asm.h"
#include "hal/anchor.hpp"
#include "hal/context.hpp"
#include "hal/cpu.hpp"
#include "hal/smp.hpp"

namespace hal::arch {

inline constexpr usize kEmergencyStackSize = 8 * KiB;
inline constexpr u32 kNoLine = ~u32{0};

struct CpuLocal {
  ThreadState* user_state = nullptr;  // whose user registers this CPU holds; null in kernel threads
  bool fpu_live = false;              // user mode may use the FPU: its registers are user_state's
  bool timer_armed = false;
  u32 line_in_service = kNoLine;

  // Constant once the CPU runs.
  u64 affinity = 0;                      // MPIDR_EL1
  u64 main_id = 0;                       // MIDR_EL1
  volatile u8* redistributor = nullptr;  // GICv3
  PhysAddr redistributor_base;
  void* pending_lpis = nullptr;  // the redistributor's table of them (lpi.hpp)
  bool takes_lpis = false;
  u32 gic_target = 0;  // GICv2: its bit in target lists

  alignas(16) u8 emergency_stack[kEmergencyStackSize] = {};  // for the report that the kernel stack ran over
};

static_assert(kCpuScratchOffset == CPU_EMERGENCY_STACK && kThreadCpuOffset == THREAD_CPU);
static_assert(kThreadKernelStackOffset == THREAD_KERNEL_STACK && kThreadWorkOffset == THREAD_WORK);
static_assert(kKernelStackSize == 1 << STACK_OVERFLOW_BIT);

// Null for CPUs that do not run. Entries are set once.
extern CpuLocal* cpu_locals[kMaxCpus];

inline CpuLocal& cpu_local() { return *reinterpret_cast<CpuLocal*>(current_cpu()->scratch2); }

struct StartingCpu {
  CpuLocal* local = nullptr;
  CpuAnchor* cpu = nullptr;
  ThreadAnchor* thread = nullptr;
};
// Read by hal_cpu_init() on the CPU that is being started. start_cpu() sets it; one CPU starts at a time. Null members
// stand for the boot CPU's own.
extern StartingCpu starting_cpu;

}  // namespace hal::arch
