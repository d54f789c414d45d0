// What the entry code (trap_entry.S) calls and offers. Interrupts are off at entry and exit of all.
#pragma once

#include "hal/trap.hpp"

namespace hal::arch {

// Why a frame came to hal_aarch64_unexpected(): trap_entry.S has the numbers.
enum class Unexpected : u64 { Fiq = 0, SystemError = 1, StackOverflow = 2, StackPointer = 3, Aarch32 = 4 };

extern "C" {
void hal_aarch64_user_exception(TrapFrame& frame);
void hal_aarch64_kernel_exception(TrapFrame& frame);
void hal_aarch64_interrupt(TrapFrame& frame);
void hal_aarch64_return_work(TrapFrame& frame);
[[noreturn]] void hal_aarch64_unexpected(TrapFrame& frame, Unexpected what);

[[noreturn]] void hal_aarch64_return_to_user();
extern const u8 hal_aarch64_vectors[];
}

}  // namespace hal::arch
