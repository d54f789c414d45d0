// Descriptions of the machine for the kernel's device room, and which controller takes a device's messages.
#include "hal/bus.hpp"

#include "arch/aarch64/acpi.hpp"
#include "arch/aarch64/boot.hpp"
#include "arch/aarch64/gic_v2m.hpp"
#include "arch/aarch64/irq.hpp"
#include "arch/aarch64/its.hpp"
#include "arch/aarch64/lpi.hpp"
#include "kernel/lib/acpi/gic.hpp"
#include "kernel/lib/acpi/iort.hpp"

namespace hal {
namespace {

constexpr u32 kRequesterId = 0xffff, kSegmentShift = 16;

Result<Message> allocate_by_tree(const MessageSource& source, u32 index, u32 cpu) {
  // The segment is the bridge's.
  const auto target = arch::device_tree().message_target(source.bridge, source.requester & kRequesterId);
  if (!target) return Err(Errno::EOPNOTSUPP);
  const u32 controller = static_cast<u32>(target->controller.offset);
  const auto translated = arch::its_allocate(controller, target->device, source, index, cpu);
  if (translated || translated.error() != Errno::EOPNOTSUPP) return translated;
  return arch::v2m_allocate(controller, cpu);
}

// What no table leads to an ITS that is there uses the frame of GICv2m, of which ACPI says nothing more than where it
// is (QEMU's IORT names an ITS whatever the machine has).
Result<Message> allocate_by_acpi(const MessageSource& source, u32 index, u32 cpu) {
  const lib::acpi::Bytes iort = arch::acpi_tables().find(lib::acpi::signature("IORT"));
  const auto target =
      lib::acpi::message_target(iort, source.requester >> kSegmentShift, source.requester & kRequesterId);
  if (target) {
    const auto translated = arch::its_allocate(target->its, target->device, source, index, cpu);
    if (translated || translated.error() != Errno::EOPNOTSUPP) return translated;
  }
  std::optional<u32> frame;
  lib::acpi::for_each_gic_message_frame(arch::acpi_madt(), [&](const lib::acpi::GicMessageFrame& found) {
    if (!frame) frame = found.id;
  });
  if (!frame) return Err(Errno::EOPNOTSUPP);
  return arch::v2m_allocate(*frame, cpu);
}

}  // namespace

lib::fdt::Tree device_tree() { return arch::device_tree(); }
const lib::acpi::Tables& acpi_tables() { return arch::acpi_tables(); }

Result<u32> line_of(const lib::fdt::Interrupt& interrupt) {
  const u32 line = arch::gic_line(interrupt);
  if (line == 0) return Err(Errno::ENOENT);
  return line;
}

// Shared lines are high or rising, whatever is told (IHI 0069H 4.1.1).
Result<u32> line_of(const lib::acpi::Interrupt& interrupt) {
  if (!arch::irq_set_trigger(interrupt.number, interrupt.edge)) return Err(Errno::ENOENT);
  return interrupt.number;
}
Result<u32> line_of_firmware(u8 /*line_register*/) { return Err(Errno::ENOENT); }

Result<Message> allocate_message(const MessageSource& source, u32 index, u32 cpu) {
  return arch::described_by_acpi() ? allocate_by_acpi(source, index, cpu) : allocate_by_tree(source, index, cpu);
}

void free_message(u32 line) {
  if (line >= arch::kFirstLpi) {
    arch::its_free(line);
  } else {
    arch::v2m_free(line);
  }
}

}  // namespace hal
