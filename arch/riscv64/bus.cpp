// Descriptions of the machine for the kernel's device room. Message-signalled interrupts need the advanced interrupt
// architecture, which this port does not drive yet: devices use their wired lines.
#include "hal/bus.hpp"

#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/plic.hpp"

namespace hal {

lib::fdt::Tree device_tree() { return arch::device_tree(); }

const lib::acpi::Tables& acpi_tables() {
  static constinit lib::acpi::Tables none;
  return none;
}

Result<u32> line_of(const lib::fdt::Interrupt& interrupt) {
  const u32 line = arch::plic_line(interrupt);
  if (line == 0) return Err(Errno::ENOENT);
  return line;
}

Result<u32> line_of(const lib::acpi::Interrupt& /*interrupt*/) { return Err(Errno::ENOENT); }
Result<u32> line_of_firmware(u8 /*line_register*/) { return Err(Errno::ENOENT); }
Result<Message> allocate_message(const MessageSource& /*source*/, u32 /*index*/, u32 /*cpu*/) {
  return Err(Errno::EOPNOTSUPP);
}
void free_message(u32 /*line*/) {}

}  // namespace hal
