// The parts of the panic path that others drive: what a fault in the kernel prints, and how CPUs are stopped.
#pragma once

#include "kernel/lib/types.hpp"

namespace diag {

// `panic=`: seconds until reboot; 0 stops for ever, negative reboots at once.
void set_panic_reboot(int seconds);

bool is_panicking();
// False while another CPU panics: this one has nothing to say any more.
bool may_speak();

// Panics on an exception: `registers` is the text of the register dump.
[[noreturn]] void panic_with_registers(VirtAddr instruction, VirtAddr frame_pointer, const char* registers,
                                       const char* what);

// What a CPU does on hal::Ipi::Stop: prints its stack if somebody panicked, and halts.
[[noreturn]] void stop_for_panic();

}  // namespace diag
