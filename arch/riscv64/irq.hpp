// The interrupt controllers of this architecture side by side: the PLIC, the APLIC alone, and IMSICs with or without an
// APLIC in front. The device tree chooses one, once.
//
// A controller's functions run on any CPU; those that answer an interrupt (claim, complete) with interrupts off. Lines
// are those of hal/irq.h; 0 is none.
#pragma once

#include "kernel/lib/fdt/tree.hpp"

namespace hal::arch {

struct InterruptController {
  u32 (*claim)();                              // the next pending line of the calling CPU, or 0
  void (*complete)(u32 line);                  // its handlers have run
  bool (*set_masked)(u32 line, bool masked);   // false for a line that does not exist
  u32 (*line_of)(const lib::fdt::Interrupt&);  // of a device, which is going to be used; 0 if it is not one of its
  void (*init_cpu)();                          // the calling CPU's part, before it takes interrupts
};

// The line behind a device's interrupt, 0 if the controller in charge does not have it. After hal_irq_init().
u32 irq_line_of(const lib::fdt::Interrupt& interrupt);

// The part of a CPU that has just started.
void irq_init_cpu();

}  // namespace hal::arch
