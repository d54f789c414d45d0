// Device identities in Linux's modalias form.
#include <cstring>

#include "fs/sysfs/devices.hpp"

namespace sysfs {

void print_modalias(const device::Device& device, Text& text) {
  const hal_device_t& info = device.info;
  const std::string_view compatible(info.compatible, strnlen(info.compatible, sizeof(info.compatible)));
  switch (info.bus) {
    case HAL_BUS_PCI:
      text.print("pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X", info.vendor, info.device, info.subvendor,
                 info.subdevice, info.class_code >> 16 & 0xff, info.class_code >> 8 & 0xff, info.class_code & 0xff);
      break;
    case HAL_BUS_ACPI: text.print("acpi:%s:", info.compatible); break;
    default: text.print("of:N%sT(null)C%.*s", info.name, static_cast<int>(compatible.size()), compatible.data());
  }
  text.add("\n");
}

}  // namespace sysfs
