// What bus drivers call: new devices, and the way of an interrupt pin.
#include <cstring>

#include "hal/bus.hpp"
#include "kernel/device/acpi.hpp"
#include "kernel/device/device.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/format.hpp"

using namespace device;

hal_status_t bus_add_device(hal_device_t* bridge, const hal_device_t* found, const bus_ops_t* ops, void* context) {
  if (ops == nullptr || ops->size < sizeof(bus_ops_t)) return HAL_INVALID;
  auto made = lib::make_own<Device>();
  if (!made) return HAL_NO_MEMORY;
  Device& device = **made;
  device.info = *found;
  device.parent = &of(bridge);
  device.bus = ops;
  device.bus_context = context;
  const u32 address = found->address;
  lib::format_into(device.info.name, sizeof(device.info.name), "%04x:%02x:%02x.%x", address >> 16, address >> 8 & 0xff,
                   address >> 3 & 0x1f, address & 7);
  LOG_DEBUG("device", "%s: %04x:%04x class %06x, virtio %u, line %d", device.info.name, found->vendor, found->device,
            found->class_code, found->virtio_type, static_cast<int>(found->irq));
  const Status added = device::add(std::move(*made));
  return added.has_value() ? HAL_OK : to_hal(added.error());
}

// By a table of ACPI's, else as firmware noted at the function itself.
static u32 route_without_tree(const Device& host, u32 address, u32 pin, u32 line_register) {
  constexpr u32 kSlotShift = 3, kSlotMask = 0x1f;
  const u32 slot = address >> kSlotShift & kSlotMask;
  if (const auto line = route_by_acpi(host, slot, pin)) return *line;
  if (const auto line = hal::line_of_firmware(static_cast<u8>(line_register))) return *line;
  LOG_INFO("device", "%s: nothing says where pin %c of slot %u arrives", host.info.name,
           static_cast<char>('A' + pin - 1), slot);
  return HAL_NO_IRQ;
}

uint32_t bus_route_interrupt(hal_device_t* bridge, uint32_t address, uint32_t pin, uint32_t line_register) {
  const Device& host = of(bridge);
  if (pin < 1 || pin > 4) return HAL_NO_IRQ;
  if (host.tree_node < 0) return route_without_tree(host, address, pin, line_register);
  // The child's unit address has bus, device and function in its first cell (IEEE 1275 PCI binding 2.2.1.1).
  constexpr u32 kAddressShift = 8;
  const u32 unit[] = {(address & 0xffff) << kAddressShift, 0, 0, pin};
  const auto interrupt = hal::device_tree().map_interrupt({host.tree_node}, unit);
  return interrupt ? hal::line_of(*interrupt).value_or(HAL_NO_IRQ) : HAL_NO_IRQ;
}
