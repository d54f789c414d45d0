// /sys/devices: a folder for each device, below that of its bridge.
#include "fs/sysfs/devices.hpp"

#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"

namespace sysfs {
namespace {

using device::Device;
using vfs::FileType;

const Device& device_of(const Entry& self) { return *static_cast<const Device*>(self.subject); }

template <auto Field>
Status print_hex4(const Entry& self, Text& text) {
  text.print("0x%04x\n", device_of(self).info.*Field);
  return {};
}

Status print_class(const Entry& self, Text& text) {
  text.print("0x%06x\n", device_of(self).info.class_code);
  return {};
}
Status print_revision(const Entry& self, Text& text) {
  text.print("0x%02x\n", device_of(self).info.revision);
  return {};
}
// 0 stands for none, as on Linux.
Status print_irq(const Entry& self, Text& text) {
  const u32 irq = device_of(self).info.irq;
  text.print("%u\n", irq == HAL_NO_IRQ ? 0 : irq);
  return {};
}
Status print_virtio_type(const Entry& self, Text& text) {
  text.print("%u\n", device_of(self).info.virtio_type);
  return {};
}
Status print_alias(const Entry& self, Text& text) {
  print_modalias(device_of(self), text);
  return {};
}

// A line for each BAR: first and last address, and the flags as Linux numbers them.
Status print_resource(const Entry& self, Text& text) {
  constexpr u64 kPorts = 0x100, kMemory = 0x200, kPrefetch = 0x2000, k64Bit = 0x10'0000;
  for (const hal_resource_t& bar : device_of(self).info.bar) {
    if (bar.size == 0 || bar.base == 0) {
      text.add("0x0000000000000000 0x0000000000000000 0x0000000000000000\n");
      continue;
    }
    const bool is_ports = (bar.flags & HAL_RESOURCE_KIND) == HAL_RESOURCE_PORTS;
    const u64 flags = (is_ports ? kPorts : kMemory) | ((bar.flags & HAL_RESOURCE_PREFETCH) != 0 ? kPrefetch : 0) |
                      ((bar.flags & HAL_RESOURCE_64BIT) != 0 ? k64Bit : 0);
    text.print("0x%016lx 0x%016lx 0x%016lx\n", bar.base, bar.base + bar.size - 1, flags);
  }
  return {};
}

Status print_uevent(const Entry& self, Text& text) {
  const Device& device = device_of(self);
  char driver[device::kDriverName];
  if (device::driver_name(device, driver)) text.print("DRIVER=%s\n", driver);
  const hal_device_t& info = device.info;
  if (info.bus == HAL_BUS_PCI) {
    text.print("PCI_CLASS=%X\nPCI_ID=%04X:%04X\nPCI_SUBSYS_ID=%04X:%04X\nPCI_SLOT_NAME=%s\n", info.class_code,
               info.vendor, info.device, info.subvendor, info.subdevice, info.name);
  }
  text.add("MODALIAS=");
  print_modalias(device, text);
  return {};
}

usize depth_of(const Device& device) {
  usize depth = 0;
  for (const Device* at = device.parent; at != nullptr; at = at->parent) ++depth;
  return depth;
}

// From /sys/devices/.../DEVICE back to /sys, then down.
Status print_driver_link(const Entry& self, Text& text) {
  const Device& device = device_of(self);
  char driver[device::kDriverName];
  if (!device::driver_name(device, driver)) return Err(Errno::ENOENT);
  for (usize i = depth_of(device) + 2; i > 0; --i) text.add("../");
  text.print("bus/%s/drivers/%s", device.info.bus == HAL_BUS_PCI ? "pci" : "platform", driver);
  return {};
}

constexpr Attribute kCommon[] = {{"uevent", print_uevent},
                                 {"modalias", print_alias},
                                 {"resource", print_resource},
                                 {"irq", print_irq},
                                 {"virtio_type", print_virtio_type}};
constexpr Attribute kOfPci[] = {{"vendor", print_hex4<&hal_device_t::vendor>},
                                {"device", print_hex4<&hal_device_t::device>},
                                {"subsystem_vendor", print_hex4<&hal_device_t::subvendor>},
                                {"subsystem_device", print_hex4<&hal_device_t::subdevice>},
                                {"class", print_class},
                                {"revision", print_revision}};
constexpr Attribute kDriverLink = {"driver", print_driver_link, FileType::Symlink};

bool device_child(const Entry& self, usize index, Entry& child);

Entry device_entry(const Device& device) {
  Entry entry;
  entry.set_name("%s", device.info.name);
  entry.subject = &device;
  entry.set_directory(device_child);
  return entry;
}

// Device number `index` behind that bridge (null: of those at the top).
bool nth_below(const Device* bridge, usize index, Entry& child) {
  for (Device* at = device::next(nullptr); at != nullptr; at = device::next(at)) {
    if (at->parent != bridge || index-- != 0) continue;
    child = device_entry(*at);
    return true;
  }
  return false;
}

bool device_child(const Entry& self, usize index, Entry& child) {
  const Device& device = device_of(self);
  if (index < std::size(kCommon)) return set_attribute(self, kCommon[index], child), true;
  index -= std::size(kCommon);
  if (device.info.bus == HAL_BUS_PCI) {
    if (index < std::size(kOfPci)) return set_attribute(self, kOfPci[index], child), true;
    index -= std::size(kOfPci);
  }
  char driver[device::kDriverName];
  if (device::driver_name(device, driver) && index-- == 0) return set_attribute(self, kDriverLink, child), true;
  return nth_below(&device, index, child);
}

bool top_device(const Entry&, usize index, Entry& child) { return nth_below(nullptr, index, child); }

class DeviceFiles final : public kernel::Subsystem {
 public:
  const char* name() const override { return "sysfs-devices"; }
  void on_early_init(kernel::Kernel&) override {
    Entry entry;
    entry.set_directory(top_device);
    if (!register_entry("devices", entry)) LOG_ERROR("sysfs", "no memory for /sys/devices");
  }
};
REGISTER_SUBSYSTEM(DeviceFiles);

}  // namespace

void print_device_path(const Device& device, Text& text) {
  if (device.parent != nullptr) {
    print_device_path(*device.parent, text);
    text.print("/%s", device.info.name);
  } else {
    text.print("devices/%s", device.info.name);
  }
}

}  // namespace sysfs
