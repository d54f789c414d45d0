// PCI configuration space for drivers (hal/bus.h), through the bus driver that announced the device.
#include "kernel/device/pci.hpp"

namespace device {

u32 pci_read(const Device& device, u32 offset, u32 width) {
  const u32 nothing = width == 4 ? ~u32{0} : (u32{1} << (8 * width)) - 1;
  if (device.bus == nullptr || offset % width != 0 || offset + width > kConfigSpaceSize) return nothing;
  return device.bus->config_read(device.bus_context, device.info.address, offset, width);
}

void pci_write(const Device& device, u32 offset, u32 width, u32 value) {
  if (device.bus == nullptr || offset % width != 0 || offset + width > kConfigSpaceSize) return;
  device.bus->config_write(device.bus_context, device.info.address, offset, width, value);
}

// PCI 3.0, 6.7. A list that runs in a circle ends after as many steps as there is room for.
u32 pci_find_capability(const Device& device, u8 id, u32 after) {
  constexpr u32 kFirst = 0x40, kMostCapabilities = (256 - kFirst) / 4;
  if ((pci_read(device, kPciStatus, 2) & kPciStatusCapabilities) == 0) return 0;
  u32 offset = pci_read(device, after == 0 ? kPciCapabilities : after + 1, 1) & ~u32{3};
  for (u32 steps = 0; steps < kMostCapabilities && offset >= kFirst && offset < 256; ++steps) {
    const u32 found = pci_read(device, offset, 1);
    if (found == 0xff) return 0;
    if (found == id) return offset;
    offset = pci_read(device, offset + 1, 1) & ~u32{3};
  }
  return 0;
}

void pci_set_command(const Device& device, u32 set, u32 clear) {
  pci_write(device, kPciCommand, 2, (pci_read(device, kPciCommand, 2) & ~clear) | set);
}

}  // namespace device

using namespace device;

hal_status_t hal_bus_pci_enable(hal_device_t* info) {
  const Device& device = of(info);
  if (info->bus != HAL_BUS_PCI) return HAL_INVALID;
  pci_set_command(device, kPciCommandMemory | kPciCommandPorts | kPciCommandMaster, 0);
  return HAL_OK;
}

void hal_bus_pci_disable(hal_device_t* info) {
  if (info->bus == HAL_BUS_PCI) pci_set_command(of(info), 0, kPciCommandMaster);
}

uint8_t hal_bus_pci_read8(const hal_device_t* info, uint32_t offset) {
  return static_cast<u8>(pci_read(of(info), offset, 1));
}
uint16_t hal_bus_pci_read16(const hal_device_t* info, uint32_t offset) {
  return static_cast<u16>(pci_read(of(info), offset, 2));
}
uint32_t hal_bus_pci_read32(const hal_device_t* info, uint32_t offset) { return pci_read(of(info), offset, 4); }
void hal_bus_pci_write8(hal_device_t* info, uint32_t offset, uint8_t value) { pci_write(of(info), offset, 1, value); }
void hal_bus_pci_write16(hal_device_t* info, uint32_t offset, uint16_t value) { pci_write(of(info), offset, 2, value); }
void hal_bus_pci_write32(hal_device_t* info, uint32_t offset, uint32_t value) { pci_write(of(info), offset, 4, value); }
uint32_t hal_bus_pci_find_capability(const hal_device_t* info, uint8_t id, uint32_t after) {
  return pci_find_capability(of(info), id, after);
}
