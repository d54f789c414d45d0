// Kernel contexts and what of a user program lives outside its trap frame.
//
// <arch_impl/context.hpp> offers hal::arch::ThreadState, embedded in every thread: the saved stack pointer, the user's
// thread pointer and segment bases where the trap frame does not hold them, and the pointer to the FPU state.
#pragma once

#include <arch_impl/context.hpp>

#include "hal/anchor.hpp"
#include "hal/trap.hpp"
#include "kernel/lib/result.hpp"

namespace hal {

using arch::ThreadState;

using ThreadEntry = void (*)(void*);

// Makes `state` start in entry(argument) on the stack that ends at `stack_top` (16-byte aligned), interrupts off, when
// it is switched to for the first time. `entry` does not return.
void prepare_thread(ThreadState& state, VirtAddr stack_top, ThreadEntry entry, void* argument);

// Saves the callee-saved registers in `from` and continues `to`. Sets neither anchors nor address space. Interrupts
// off.
extern "C" void hal_switch_stack(ThreadState* from, ThreadState* to);

// The user registers of a thread: always at the same place at the top of its kernel stack.
inline TrapFrame* user_frame(VirtAddr stack_top) { return reinterpret_cast<TrapFrame*>(stack_top) - 1; }

// Enters user mode with the registers of user_frame(top of the current thread's stack), after the work that the anchor
// asks for. Interrupts off.
[[noreturn]] void return_to_user();

// A new program: every register 0 but the instruction and stack pointer, user mode, interrupts on; the FPU state and
// the thread pointer are reset.
void reset_user_registers(TrapFrame& frame, ThreadState& state, VirtAddr entry, VirtAddr stack);

// Copies what the trap frame does not hold from the calling thread to a new one (fork, clone): FPU state if it was
// used, thread pointer, segment bases. `child.fpu_area` is set already. ENOMEM. May sleep.
Status fork_user_state(ThreadState& parent, ThreadState& child);

// Frees what the architecture allocated for the state beside `fpu_area`. The thread has ended, or never ran. Any
// context.
void release_user_state(ThreadState& state);

void set_user_thread_pointer(TrapFrame& frame, ThreadState& state, VirtAddr value);
VirtAddr user_thread_pointer(const TrapFrame& frame, const ThreadState& state);

// Around a switch between user threads: `leaving` saves FPU state that is live in this CPU and the segment bases,
// `entering` loads the bases and arranges that the FPU is loaded on first use. Interrupts off. Kernel threads have no
// user state: the scheduler does not call these for them.
void leave_user_state(ThreadState& leaving);
void enter_user_state(ThreadState& entering, VirtAddr kernel_stack_top);

// Bytes and alignment (64) of an FPU area. It is valid when all zero: the initial state.
usize fpu_area_size();
// Puts live FPU registers of the calling thread into its area, so that it can be read or replaced. Then it is reloaded
// on next use.
void save_fpu(ThreadState& current);

}  // namespace hal
