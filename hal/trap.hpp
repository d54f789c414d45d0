// The registers of whoever was interrupted, as the architecture's entry code saves them on the kernel stack.
// hal/arch.hpp lists the members that every architecture's TrapFrame has.
#pragma once

#include <arch_impl/trap_frame.hpp>

namespace hal {
using arch::TrapFrame;

// All registers as lines of text, for panics. Returns the bytes written, at most `capacity`; no NUL.
usize registers_text(const TrapFrame& frame, char* buffer, usize capacity);

}  // namespace hal
