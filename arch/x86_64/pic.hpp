// The PC's two 8259A controllers: silenced where there is an I/O APIC, in charge where firmware describes none.
// Interrupts off or the caller's exclusion: a mask is read and written back.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline constexpr u32 kPicLines = 16;

// Gives them vectors of their own, since those of the reset are the CPU's exceptions, and masks every line.
void pic_init();
bool pic_set_masked(u32 line, bool masked);
// False: the line only seems to have fired, and must not be acknowledged or handled.
bool pic_is_real(u32 line);
void pic_end_of_interrupt(u32 line);

}  // namespace hal::arch
