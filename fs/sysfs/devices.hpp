// What the folders of /sys say about device::Device, for the files of this room and of others that link to a device.
#pragma once

#include "fs/sysfs/sysfs.hpp"
#include "kernel/device/device.hpp"

namespace sysfs {

// The device's identity as drivers' match records are written: "pci:v00008086d000010D3sv...". May sleep.
void print_modalias(const device::Device& device, Text& text);
// "devices/PNP0A08:00/0000:00:03.0": where its folder is, from /sys on.
void print_device_path(const device::Device& device, Text& text);

}  // namespace sysfs
