// What the kernel's device room asks of a machine: its descriptions of itself, and the ways of its interrupts.
#pragma once

#include "kernel/lib/acpi/aml.hpp"
#include "kernel/lib/acpi/tables.hpp"
#include "kernel/lib/fdt/tree.hpp"
#include "kernel/lib/result.hpp"

namespace hal {

// The machine's device tree; not valid() where it has none. Any context after boot.
lib::fdt::Tree device_tree();
// The machine's ACPI tables; empty where it has none. After hal_irq_init().
const lib::acpi::Tables& acpi_tables();

// The line (hal/irq.h) behind an interrupt of the device tree. ENOENT where it is not one of the main controller's.
Result<u32> line_of(const lib::fdt::Interrupt& interrupt);
// The same for an interrupt that the ACPI tables name; the line is made to take it as they say.
Result<u32> line_of(const lib::acpi::Interrupt& interrupt);
// The line that firmware meant by what it left in a PCI function's interrupt line register. ENOENT where there is no
// such convention on this machine, or the value says "none".
Result<u32> line_of_firmware(u8 line_register);

// An interrupt that a device raises by a write to memory.
struct Message {
  u32 line = 0;  // for hal_irq_register()
  u32 data = 0;
  PhysAddr address;
};
// Who raises messages; a machine may translate them by that.
struct MessageSource {
  u32 requester = 0;      // segment and PCI requester id, as in hal_device_t::address
  u32 count = 1;          // the indices of its messages are below this; the same for all of them
  lib::fdt::Node bridge;  // the PCI host bridge that it is behind; none where no device tree describes it
};
// The source's message `index`, which will arrive at that CPU. EOPNOTSUPP where the machine has none for that source or
// that CPU, ENOSPC, ENOMEM, EIO where the controller fails. May sleep.
Result<Message> allocate_message(const MessageSource& source, u32 index, u32 cpu);
// The device no longer raises it, and its handler is unregistered.
void free_message(u32 line);

}  // namespace hal
