// Descriptions of the machine for the kernel's device room, and which controller takes a device's messages.
#include "hal/bus.hpp"

#include "arch/aarch64/boot.hpp"
#include "arch/aarch64/gic_v2m.hpp"
#include "arch/aarch64/its.hpp"
#include "arch/aarch64/lpi.hpp"

namespace hal {

lib::fdt::Tree device_tree() { return arch::device_tree(); }

const lib::acpi::Tables& acpi_tables() {
  static constinit lib::acpi::Tables none;
  return none;
}

Result<u32> line_of(const lib::fdt::Interrupt& interrupt) {
  const u32 line = arch::gic_line(interrupt);
  if (line == 0) return Err(Errno::ENOENT);
  return line;
}

Result<u32> line_of(const lib::acpi::Interrupt& /*interrupt*/) { return Err(Errno::ENOENT); }
Result<u32> line_of_firmware(u8 /*line_register*/) { return Err(Errno::ENOENT); }

Result<Message> allocate_message(const MessageSource& source, u32 index, u32 cpu) {
  constexpr u32 kRequesterId = 0xffff;  // without the segment, which is the bridge's
  const auto target = arch::device_tree().message_target(source.bridge, source.requester & kRequesterId);
  if (!target) return Err(Errno::EOPNOTSUPP);
  const auto translated = arch::its_allocate(*target, source, index, cpu);
  if (translated || translated.error() != Errno::EOPNOTSUPP) return translated;
  return arch::v2m_allocate(target->controller, cpu);
}

void free_message(u32 line) {
  if (line >= arch::kFirstLpi) {
    arch::its_free(line);
  } else {
    arch::v2m_free(line);
  }
}

}  // namespace hal
