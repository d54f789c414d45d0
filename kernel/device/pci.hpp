// PCI configuration space inside the kernel's device room (PCI Local Bus 3.0, chapter 6).
#pragma once

#include "kernel/device/device.hpp"

namespace device {

inline constexpr u32 kConfigSpaceSize = 4096;
inline constexpr u32 kPciCommand = 0x04, kPciStatus = 0x06, kPciCapabilities = 0x34;
inline constexpr u32 kPciCommandPorts = 1, kPciCommandMemory = 2, kPciCommandMaster = 4, kPciCommandNoIntx = 1 << 10;
inline constexpr u32 kPciStatusCapabilities = 1 << 4;
inline constexpr u8 kPciCapabilityMsi = 0x05, kPciCapabilityMsix = 0x11;

// Width 1, 2 or 4. All ones where nothing answers. Any context.
u32 pci_read(const Device& device, u32 offset, u32 width);
void pci_write(const Device& device, u32 offset, u32 width, u32 value);
// 0: none. Any context.
u32 pci_find_capability(const Device& device, u8 id, u32 after);
void pci_set_command(const Device& device, u32 set, u32 clear);
// What a device's accesses to memory are marked with, in the form of its address: several behind a conventional bridge
// have the same. May sleep.
u32 pci_requester(const Device& device);

}  // namespace device
