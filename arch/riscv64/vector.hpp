// The vector registers (V extension 1.0) of user programs; the kernel is compiled without.
//
// As with the floating-point registers (fpu.hpp), a field of the user frame says how things stand: VS (privileged
// specification 20240411, 3.1.6.6): Off, the registers are not this thread's and its area counts; Initial or Clean,
// both are the same; Dirty, the registers count. A thread has no area before its first vector instruction, which traps:
// most programs never need the space, which follows the length of the registers. Linux drops the registers at system
// calls, as the psABI allows; here they outlive them. All functions run on the CPU in question with interrupts off, but
// for what says otherwise.
#pragma once

#include "hal/context.hpp"
#include "kernel/lib/result.hpp"

namespace hal::arch {

// What ThreadState::vector_area points at; all zero is the initial state. Up to `data` it is Linux's struct
// __riscv_v_ext_state (arch/riscv/include/uapi/asm/ptrace.h), behind which a signal frame has the registers, too.
struct VectorArea {
  u64 start;           // vstart
  u64 length;          // vl
  u64 type;            // vtype
  u64 control;         // vcsr
  u64 register_bytes;  // vlenb
  VirtAddr data;       // in a signal frame: where the registers are
  u8 registers[];      // 32
};
static_assert(sizeof(VectorArea) == 48);

// Measures the registers. Boot CPU, once, when the features are known.
void vector_init();
// Bytes of a VectorArea and of its registers; 0 where the CPU has none.
usize vector_area_size();
usize vector_registers_size();

// An illegal instruction in user mode: true if it may be tried again, now with vector registers; ENOMEM when there is
// no room for them. Enables interrupts for a while.
Result<bool> vector_first_use(TrapFrame& frame);

// Brings the area up to date and the frame to Off.
void vector_put_away(TrapFrame& frame, ThreadState& state);

// A copy of the parent's area, which is up to date, for a new thread. May sleep.
Status vector_fork(const ThreadState& parent, ThreadState& child);
// Frees the area: a thread whose frame is Off. Any context.
void vector_release(ThreadState& state);

}  // namespace hal::arch
