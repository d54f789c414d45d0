// Devices that no bus can be asked for, by whoever tells of them. For the kernel's device room, during initialization.
#pragma once

#include <string_view>

#include "kernel/device/device.hpp"
#include "kernel/lib/fdt/tree.hpp"

namespace device {

// What the device tree lists.
void add_tree_devices(const lib::fdt::Tree& tree);
// Host bridges, the keyboard controller and virtio over memory, by the ACPI tables.
void add_acpi_devices();
// Virtio over memory that the kernel command line names, as Linux has it: virtio_mmio.device=SIZE@BASE:LINE[:ID].
void add_command_line_devices(std::string_view command_line);

// The names that a device has in its description, as far as they fit.
void copy_name(Device& device, std::string_view name);
void copy_compatible(Device& device, lib::fdt::Bytes list);

hal_resource_t memory_at(u64 base, u64 size);

// Virtio over memory, whose registers, in bar[0], say what it is; an empty slot is no device.
void add_virtio(lib::Own<Device> device);

}  // namespace device
