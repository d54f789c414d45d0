// PCI host bridges by the ACPI tables (PCI Firmware 3.3, 4.1; ACPI 6.5, 6.2.13, 6.5).
#include <optional>
#include <string_view>

#include "kernel/device/acpi.hpp"
#include "kernel/device/platform.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/acpi/records.hpp"

namespace device {
namespace {

using lib::acpi::DeviceDescription;
using lib::acpi::Resource;

constexpr u32 kSegmentShift = 16, kBusShift = 8, kBusMask = 0xff;

bool is_bridge(const DeviceDescription& found) {
  const std::string_view id = found.id;
  return found.is_present && (id == "PNP0A08" || id == "PNP0A03");
}

// Calls fn(const DeviceDescription&) for the bridge of that segment and first bus.
template <class Fn>
void with_description(u32 address, Fn fn) {
  for_each_acpi_device([&](const DeviceDescription& found) {
    const bool is_it =
        found.segment == address >> kSegmentShift && found.first_bus == (address >> kBusShift & kBusMask);
    if (is_it && is_bridge(found)) fn(found);
  });
}

// What a bridge passes on to its bus is memory that the bus knows by another address, or by the same. Ports need no
// window: a processor that has them shows them as they are, and to the others they are of no use.
void add_windows(hal_device_t& bridge) {
  usize bar = 1;
  bool has_room = true;
  with_description(bridge.address, [&](const DeviceDescription& found) {
    lib::acpi::for_each_resource(found.resources, [&](const Resource& resource) {
      if (resource.kind != Resource::Kind::Memory || !resource.is_window) return;
      if (bar == HAL_BAR_COUNT) {
        has_room = false;
        return;
      }
      hal_resource_t& window = bridge.bar[bar++];
      window = {.base = resource.base,
                .size = resource.size,
                .bus_base = resource.bus_base,
                .flags = HAL_RESOURCE_WINDOW | HAL_RESOURCE_MEMORY |
                         (resource.bus_base >= 4 * GiB ? u32{HAL_RESOURCE_64BIT} : u32{0}),
                .reserved = 0};
    });
  });
  if (has_room && bar > 1) return;
  // Some of them would be worse than none: what lies in the others would count as not placed.
  for (usize i = 1; i < bar; ++i) bridge.bar[i] = {};
  LOG_INFO("device", "%s: %s: devices stay where firmware has placed them", bridge.name,
           has_room ? "no table tells its windows" : "more windows than fit");
}

void add_bridge(const char* id, const hal_resource_t& config, u32 address) {
  auto made = make_acpi_device(id, address >> kSegmentShift);
  if (!made) return LOG_ERROR("device", "no memory for a device");
  hal_device_t& info = (*made)->info;
  info.address = address;
  info.bar[0] = config;
  add_windows(info);
  (void)add(std::move(*made));
}

bool add_bridge_in_memory(const lib::acpi::ConfigSpace& space) {
  constexpr u64 kBusSize = 1 << 20;
  if (space.last_bus < space.first_bus) return false;
  add_bridge("PNP0A08",
             {.base = space.base.value + space.first_bus * kBusSize,
              .size = (u64{space.last_bus} - space.first_bus + 1) * kBusSize,
              .bus_base = 0,
              .flags = HAL_RESOURCE_MEMORY,
              .reserved = 0},
             u32{space.segment} << kSegmentShift | u32{space.first_bus} << kBusShift);
  return true;
}

bool add_bridges_by_mcfg() {
  bool found = false;
  const lib::acpi::Bytes mcfg = hal::acpi_tables().find(lib::acpi::signature("MCFG"));
  lib::acpi::for_each_config_space(
      mcfg, [&](const lib::acpi::ConfigSpace& space) { found = add_bridge_in_memory(space) || found; });
  return found;
}

// A bridge that says itself where its buses' configuration space is, as on QEMU's microvm, which has no MCFG.
bool add_bridges_by_description() {
  bool found = false;
  for_each_acpi_device([&](const DeviceDescription& bridge) {
    if (!is_bridge(bridge) || bridge.config_base == 0 || bridge.segment > 0xffff) return;
    lib::acpi::for_each_resource(bridge.resources, [&](const Resource& buses) {
      const bool is_it = buses.kind == Resource::Kind::Buses && buses.base == bridge.first_bus;
      if (!is_it || buses.base + (buses.size - 1) > kBusMask) return;
      found = add_bridge_in_memory({.base = {bridge.config_base},
                                    .segment = static_cast<u16>(bridge.segment),
                                    .first_bus = static_cast<u8>(buses.base),
                                    .last_bus = static_cast<u8>(buses.base + (buses.size - 1))}) ||
              found;
    });
  });
  return found;
}

// The interrupt of a link device (6.2.13): entry `index` of its current resources. Nothing where two are called so, for
// which of them is meant, only the whole name would say.
std::optional<lib::acpi::Interrupt> interrupt_of_link(u32 name, u32 index) {
  std::optional<lib::acpi::Interrupt> line;
  u32 links = 0;
  for_each_acpi_device([&](const DeviceDescription& found) {
    if (found.name != name) return;
    ++links;
    u32 at = 0;
    lib::acpi::for_each_resource(found.resources, [&](const Resource& resource) {
      if (at++ == index && resource.kind == Resource::Kind::Interrupt) line = resource.interrupt;
    });
  });
  return links == 1 ? line : std::nullopt;
}

std::optional<lib::acpi::Interrupt> find_interrupt(const Device& bridge, u32 slot, u32 pin) {
  std::optional<lib::acpi::PinRoute> route;
  with_description(bridge.info.address, [&](const DeviceDescription& found) {
    lib::acpi::for_each_route(found.routes, [&](const lib::acpi::PinRoute& entry) {
      if (entry.slot == slot && entry.pin + 1 == pin && !route) route = entry;
    });
  });
  if (!route) return {};
  if (route->link != 0) return interrupt_of_link(route->link, route->number);
  return lib::acpi::Interrupt{.number = route->number, .edge = false, .active_low = true};  // PCI 3.0, 2.2.6
}

}  // namespace

void add_acpi_bridges() {
  constexpr u64 kConfigPorts = 0xcf8, kConfigPortCount = 8;
  if (add_bridges_by_mcfg() || add_bridges_by_description() || !hal_port_available()) return;
  add_bridge(
      "PNP0A03",
      {.base = kConfigPorts, .size = kConfigPortCount, .bus_base = 0, .flags = HAL_RESOURCE_PORTS, .reserved = 0}, 0);
}

std::optional<u32> route_by_acpi(const Device& bridge, u32 slot, u32 pin) {
  const auto interrupt = find_interrupt(bridge, slot, pin);
  if (!interrupt) return {};
  const auto line = hal::line_of(*interrupt);
  return line ? std::optional(*line) : std::nullopt;
}

}  // namespace device
