// What the entry code (trap_entry.S, syscall_entry.S) calls and offers. Interrupts are off at entry and exit of all.
#pragma once

#include "hal/trap.hpp"

namespace hal::arch {

extern "C" {
void hal_x86_exception(TrapFrame& frame);
void hal_x86_interrupt(TrapFrame& frame);
void hal_x86_paranoid_trap(TrapFrame& frame);
void hal_x86_return_work(TrapFrame& frame);
void hal_x86_bad_instruction_pointer(TrapFrame& frame);

void hal_x86_syscall_entry();
[[noreturn]] void hal_x86_return_to_user();
extern const u8 hal_x86_trap_stubs[];
}

// A system call entry's MSRs on the calling CPU.
void enable_syscalls();

}  // namespace hal::arch
