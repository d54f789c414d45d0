// The floating-point registers (F and D extensions) of user programs; the kernel is compiled without.
//
// The FS field of a thread's user frame (privileged specification 20240411, 3.1.6.6) says how things stand: Off, the
// registers are not this thread's and its area counts; Clean, both are the same; Dirty, the registers count. A thread
// comes to the CPU with Off and gets its registers when it traps for the want of them. All
// functions run on the CPU in question with interrupts off.
#pragma once

#include "hal/context.hpp"

namespace hal::arch {

// What ThreadState::fpu_area points at: all zero is the initial state.
struct FpuArea {
  u64 registers[32];
  u32 control;  // fcsr
  u32 padding;
};

// An illegal instruction in user mode: true if it may be tried again, now with floating point.
bool fpu_first_use(TrapFrame& frame);

// Brings the area up to date and the frame to Off.
void fpu_put_away(TrapFrame& frame, ThreadState& state);

}  // namespace hal::arch
