// What the entry code (trap_entry.S) calls and offers. Interrupts are off at entry and exit of all.
#pragma once

#include "hal/trap.hpp"

namespace hal::arch {

// scause without its highest bit, which says that it is an interrupt (privileged specification 20240411, table 12.2).
enum class Exception : u64 {
  InstructionMisaligned = 0,
  InstructionAccess = 1,
  IllegalInstruction = 2,
  Breakpoint = 3,
  LoadMisaligned = 4,
  LoadAccess = 5,
  StoreMisaligned = 6,
  StoreAccess = 7,
  UserCall = 8,
  SupervisorCall = 9,
  InstructionPageFault = 12,
  LoadPageFault = 13,
  StorePageFault = 15,
  SoftwareCheck = 18,
  HardwareError = 19,
};
enum class InterruptCause : u64 { Software = 1, Timer = 5, External = 9 };
inline constexpr u64 kCauseIsInterrupt = u64{1} << 63;

extern "C" {
void hal_riscv_trap(TrapFrame& frame);
[[noreturn]] void hal_riscv_stack_overflow(TrapFrame& frame);

void hal_riscv_trap_entry();
[[noreturn]] void hal_riscv_return_to_user();
}

// irq.cpp
void interrupt(TrapFrame& frame, InterruptCause cause);

}  // namespace hal::arch
