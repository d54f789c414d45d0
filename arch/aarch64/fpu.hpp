// The FPU (floating point and Advanced SIMD) of user programs; the kernel never uses it. SVE and SME stay disabled:
// their instructions are undefined.
//
// It is loaded when a thread first touches it after a switch (CPACR_EL1.FPEN traps user mode) and saved at the switch
// only if that happened. CpuLocal::fpu_live says that it does not trap and the registers belong to
// CpuLocal::user_state. All functions run on the CPU in question with interrupts off, but for fpu_area().
#pragma once

#include "arch/aarch64/asm.h"
#include "hal/context.hpp"

namespace hal::arch {

// What a thread's fpu_area holds; all zero is the initial state. fpu.S knows the offsets of the registers.
struct alignas(64) FpuArea {
  u64 registers[32][2];  // V0 to V31
  u64 status;            // FPSR
  u64 control;           // FPCR
};
static_assert(offsetof(FpuArea, status) == 512 && offsetof(FpuArea, control) == 520);

inline FpuArea* fpu_area(const ThreadState& state) { return static_cast<FpuArea*>(state.fpu_area); }

// The calling CPU's FPU traps in user mode from now on.
void fpu_init_cpu();

// The trap from user mode.
void fpu_first_use();

// Saves and disables the FPU if it is live.
void fpu_put_away();
// Disables the FPU without saving: its state is to be replaced.
void fpu_discard();

}  // namespace hal::arch
