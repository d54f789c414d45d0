// Devices by the ACPI tables, and those of a PC that no table lists.
#include "kernel/device/acpi.hpp"
#include "kernel/device/platform.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/acpi/records.hpp"
#include "kernel/lib/format.hpp"

namespace device {
namespace {

// Virtio over memory, as the DSDT lists it.
void add_listed_virtio(const lib::acpi::DeviceDescription& found) {
  constexpr std::string_view kVirtioMemory = "LNRO0005";
  if (!found.is_present || found.id != kVirtioMemory) return;
  hal_resource_t registers{};
  u32 line = HAL_NO_IRQ;
  lib::acpi::for_each_resource(found.resources, [&](const lib::acpi::Resource& resource) {
    if (resource.kind == lib::acpi::Resource::Kind::Memory) registers = memory_at(resource.base, resource.size);
    if (resource.kind == lib::acpi::Resource::Kind::Interrupt) line = hal::line_of(resource.interrupt).value_or(line);
  });
  auto made = make_acpi_device(found.id, static_cast<u32>(found.unit));
  if (!made) return LOG_ERROR("device", "no memory for a device");
  (*made)->info.irq = line;
  (*made)->info.bar[0] = registers;
  add_virtio(std::move(*made));
}

void report_damage() {
  const lib::acpi::Tables& tables = hal::acpi_tables();
  const PhysAddr address = lib::acpi::parse_fadt(tables.find(lib::acpi::signature("FACP"))).dsdt;
  if (!tables.empty() && tables.at(address).empty()) {
    LOG_WARNING("acpi", "the DSDT at 0x%lx is damaged: what only it lists is not found", address.value);
  }
}

// The PC's keyboard controller, at the ports that it has always had; its driver finds out whether it answers.
void add_keyboard_controller() {
  constexpr u64 kData = 0x60, kCommand = 0x64;
  constexpr u8 kIsaLine = 1;
  const auto line = hal::line_of_firmware(kIsaLine);
  const lib::acpi::Bytes fadt = hal::acpi_tables().find(lib::acpi::signature("FACP"));
  if (!hal_port_available() || !line || !lib::acpi::parse_fadt(fadt).may_have_8042) return;
  auto made = make_acpi_device("PNP0303", 0);
  if (!made) return LOG_ERROR("device", "no memory for a device");
  hal_device_t& info = (*made)->info;
  info.irq = *line;
  info.bar[0] = {.base = kData, .size = 1, .bus_base = kData, .flags = HAL_RESOURCE_PORTS, .reserved = 0};
  info.bar[1] = {.base = kCommand, .size = 1, .bus_base = kCommand, .flags = HAL_RESOURCE_PORTS, .reserved = 0};
  (void)add(std::move(*made));
}

}  // namespace

Result<lib::Own<Device>> make_acpi_device(const char* id, u32 unit) {
  auto made = TRY(lib::make_own<Device>());
  made->info.bus = HAL_BUS_ACPI;
  made->info.irq = HAL_NO_IRQ;
  lib::format_into(made->info.name, sizeof(made->info.name), "%s:%02x", id, unit);
  copy_compatible(*made, {reinterpret_cast<const u8*>(id), std::string_view(id).size() + 1});
  return made;
}

void add_acpi_devices() {
  report_damage();
  add_acpi_bridges();
  for_each_acpi_device(add_listed_virtio);
  add_keyboard_controller();
}

}  // namespace device
