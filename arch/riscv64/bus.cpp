// Descriptions of the machine for the kernel's device room, and message-signalled interrupts where it has interrupt
// files for them.
#include "hal/bus.hpp"

#include "arch/riscv64/aia.hpp"
#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/irq.hpp"

namespace hal {

lib::fdt::Tree device_tree() { return arch::device_tree(); }

const lib::acpi::Tables& acpi_tables() {
  static constinit lib::acpi::Tables none;
  return none;
}

Result<u32> line_of(const lib::fdt::Interrupt& interrupt) {
  const u32 line = arch::irq_line_of(interrupt);
  if (line == 0) return Err(Errno::ENOENT);
  return line;
}

Result<u32> line_of(const lib::acpi::Interrupt& /*interrupt*/) { return Err(Errno::ENOENT); }
Result<u32> line_of_firmware(u8 /*line_register*/) { return Err(Errno::ENOENT); }

// Nothing translates messages between a device and the files: who sends them does not matter.
Result<Message> allocate_message(const MessageSource& /*source*/, u32 /*index*/, u32 cpu) {
  return arch::aia_allocate_message(cpu);
}
void free_message(u32 line) { arch::aia_free_message(line); }

}  // namespace hal
