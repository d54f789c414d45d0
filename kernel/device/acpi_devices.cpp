// Devices by the ACPI tables, and those of a PC that no table lists.
#include "hal/bus.hpp"
#include "kernel/device/platform.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/acpi/aml.hpp"
#include "kernel/lib/acpi/records.hpp"
#include "kernel/lib/format.hpp"

namespace device {
namespace {

// A device that only its ACPI name is known of.
Result<lib::Own<Device>> make_acpi_device(const char* id, u32 unit) {
  auto made = TRY(lib::make_own<Device>());
  made->info.bus = HAL_BUS_ACPI;
  made->info.irq = HAL_NO_IRQ;
  lib::format_into(made->info.name, sizeof(made->info.name), "%s:%02x", id, unit);
  copy_compatible(*made, {reinterpret_cast<const u8*>(id), std::string_view(id).size() + 1});
  return made;
}

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

void add_listed_devices() {
  const lib::acpi::Tables& tables = hal::acpi_tables();
  if (tables.empty()) return;
  const PhysAddr address = lib::acpi::parse_fadt(tables.find(lib::acpi::signature("FACP"))).dsdt;
  const lib::acpi::Bytes dsdt = tables.at(address);
  if (dsdt.empty()) {
    LOG_WARNING("acpi", "the DSDT at 0x%lx is damaged: what only it lists is not found", address.value);
  }
  lib::acpi::for_each_device(dsdt, add_listed_virtio);
}

// PCI Express host bridges by the MCFG, else the first PC's way to configuration space.
void add_acpi_bridges() {
  const lib::acpi::Tables& tables = hal::acpi_tables();
  bool found = false;
  const auto add_bridge = [&](const char* id, const hal_resource_t& config, u32 address) {
    auto made = make_acpi_device(id, address >> 16);
    if (!made) return LOG_ERROR("device", "no memory for a device");
    (*made)->info.address = address;
    (*made)->info.bar[0] = config;
    found = true;
    (void)add(std::move(*made));
  };
  lib::acpi::for_each_config_space(tables.find(lib::acpi::signature("MCFG")), [&](const lib::acpi::ConfigSpace& space) {
    constexpr u64 kBusSize = 1 << 20;
    add_bridge("PNP0A08",
               {.base = space.base.value + space.first_bus * kBusSize,
                .size = (u64{space.last_bus} - space.first_bus + 1) * kBusSize,
                .bus_base = 0,
                .flags = HAL_RESOURCE_MEMORY,
                .reserved = 0},
               u32{space.segment} << 16 | u32{space.first_bus} << 8);
  });
  constexpr u64 kConfigPorts = 0xcf8, kConfigPortCount = 8;
  if (!found && hal_port_available()) {
    add_bridge(
        "PNP0A03",
        {.base = kConfigPorts, .size = kConfigPortCount, .bus_base = 0, .flags = HAL_RESOURCE_PORTS, .reserved = 0}, 0);
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

void add_acpi_devices() {
  add_acpi_bridges();
  add_listed_devices();
  add_keyboard_controller();
}

}  // namespace device
