// The advanced platform-level interrupt controller (RISC-V Advanced Interrupt Architecture 1.0, chapter 4): the wired
// lines of the domain that the firmware left to supervisor mode.
//
// Delivered directly, lines go to the boot CPU; delivered as messages, each to the identity of an interrupt file that
// aia.cpp gives it. What a line is triggered by comes with its device's description: a line is inactive before. Masking
// writes single registers that set or clear: no locks.
#pragma once

#include "arch/riscv64/irq.hpp"

namespace hal::arch {

// Registers number lines with 10 bits.
inline constexpr u32 kWiredLineEnd = 1024;

// Where a line's messages go.
struct MessageTarget {
  u32 hart_index = 0;  // imsic_hart_index()
  u32 identity = 0;
};

// Finds and initializes it, all lines masked. False: this machine has none. Boot CPU, once.
bool aplic_init_direct(const lib::fdt::Tree& tree);
// The one whose messages go to these interrupt files.
bool aplic_init_messages(const lib::fdt::Tree& tree, lib::fdt::Node files);

// The functions of the one that delivers directly.
extern const InterruptController aplic_direct;

// The line behind a device's interrupt, made active; 0 if it is not one of this controller's.
u32 aplic_line(const lib::fdt::Interrupt& interrupt);
// False for a line that does not exist.
bool aplic_set_masked(u32 line, bool masked);
void aplic_set_target(u32 line, MessageTarget target);
// After the handlers of a line that came as a message: it comes again if its device still asks.
void aplic_look_again(u32 line);

}  // namespace hal::arch
