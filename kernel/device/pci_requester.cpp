// Who a PCI device's accesses to memory seem to come from.
#include "kernel/device/pci.hpp"

namespace device {
namespace {

constexpr u32 kBridgeClass = 0x0604, kSecondaryBus = 0x19;
constexpr u32 kBusShift = 8, kBusMask = 0xff, kSegmentMask = 0xffff'0000;

// The bridge that a device's bus lies behind; null for a root bus.
const Device* bridge_above(const Device& device) {
  const u32 bus = device.info.address >> kBusShift & kBusMask;
  for (Device* at = next(nullptr); at != nullptr; at = next(at)) {
    const bool is_beside = at->info.bus == HAL_BUS_PCI && at->parent == device.parent;
    if (is_beside && at->info.class_code >> 8 == kBridgeClass && pci_read(*at, kSecondaryBus, 1) == bus) return at;
  }
  return nullptr;
}

}  // namespace

// PCI Express keeps the id on its way; a bridge from there to conventional PCI puts its secondary bus in its place (PCI
// Express to PCI/PCI-X Bridge 1.0, 2.3), and a conventional one below a root its own.
u32 pci_requester(const Device& device) {
  constexpr u8 kExpressCapability = 0x10;
  constexpr u32 kFlags = 2, kTypeShift = 4, kTypeMask = 0xf, kToConventional = 7;  // PCI Express Base 5.0, 7.5.3.2
  u32 requester = device.info.address;
  const Device* bridge = bridge_above(device);
  // Buses are numbered upwards, so that there are no more bridges above one another than buses.
  for (u32 steps = 0; bridge != nullptr && steps <= kBusMask; ++steps, bridge = bridge_above(*bridge)) {
    const u32 express = pci_find_capability(*bridge, kExpressCapability, 0);
    if (express == 0) {
      requester = bridge->info.address;
    } else if ((pci_read(*bridge, express + kFlags, 2) >> kTypeShift & kTypeMask) == kToConventional) {
      requester = (bridge->info.address & kSegmentMask) | pci_read(*bridge, kSecondaryBus, 1) << kBusShift;
    }
  }
  return requester;
}

}  // namespace device
