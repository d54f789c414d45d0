// /sys/bus: links to the devices of a bus, and a folder for each driver in use with links to what it drives.
#include <cstring>

#include "fs/sysfs/devices.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"

namespace sysfs {
namespace {

using device::Device;
using vfs::FileType;

enum class Bus : u8 { Pci, Platform };
constexpr Bus kPci = Bus::Pci, kPlatform = Bus::Platform;

Bus bus_of(const Entry& self) { return *static_cast<const Bus*>(self.subject); }
bool is_on(const Device& device, Bus bus) { return (device.info.bus == HAL_BUS_PCI) == (bus == Bus::Pci); }

// From /sys/bus/BUS/devices; a driver's folder is one deeper.
template <int Depth>
Status print_link(const Entry& self, Text& text) {
  for (int i = 0; i < Depth; ++i) text.add("../");
  print_device_path(*static_cast<const Device*>(self.subject), text);
  return {};
}

template <int Depth>
void set_link(const Device& device, Entry& child) {
  child.set_name("%s", device.info.name);
  child.type = FileType::Symlink;
  child.permissions = 0777;
  child.subject = &device;
  child.generate = print_link<Depth>;
}

bool bus_device(const Entry& self, usize index, Entry& child) {
  for (Device* at = device::next(nullptr); at != nullptr; at = device::next(at)) {
    if (!is_on(*at, bus_of(self)) || index-- != 0) continue;
    set_link<3>(*at, child);
    return true;
  }
  return false;
}

// Device number `index` that the driver `self.key` drives.
bool driven_device(const Entry& self, usize index, Entry& child) {
  char driver[device::kDriverName];
  for (Device* at = device::next(nullptr); at != nullptr; at = device::next(at)) {
    if (!is_on(*at, bus_of(self)) || !device::driver_name(*at, driver) || std::strcmp(driver, self.key) != 0) continue;
    if (index-- != 0) continue;
    set_link<4>(*at, child);
    return true;
  }
  return false;
}

bool is_first_of_driver(const Device& device, const char* name, Bus bus) {
  char other[device::kDriverName];
  for (Device* at = device::next(nullptr); at != &device; at = device::next(at)) {
    if (is_on(*at, bus) && device::driver_name(*at, other) && std::strcmp(other, name) == 0) return false;
  }
  return true;
}

bool bus_driver(const Entry& self, usize index, Entry& child) {
  char name[device::kDriverName];
  for (Device* at = device::next(nullptr); at != nullptr; at = device::next(at)) {
    if (!is_on(*at, bus_of(self)) || !device::driver_name(*at, name)) continue;
    if (!is_first_of_driver(*at, name, bus_of(self)) || index-- != 0) continue;
    child.set_name("%s", name);
    child.set_key(name);
    child.subject = self.subject;
    child.set_directory(driven_device);
    return true;
  }
  return false;
}

class BusFiles final : public kernel::Subsystem {
 public:
  const char* name() const override { return "sysfs-buses"; }
  void on_early_init(kernel::Kernel&) override {
    add("bus/pci/devices", kPci, bus_device);
    add("bus/pci/drivers", kPci, bus_driver);
    add("bus/platform/devices", kPlatform, bus_device);
    add("bus/platform/drivers", kPlatform, bus_driver);
  }

 private:
  static void add(const char* path, const Bus& bus, bool (*child)(const Entry&, usize, Entry&)) {
    Entry entry;
    entry.subject = &bus;
    entry.set_directory(child);
    if (!register_entry(path, entry)) LOG_ERROR("sysfs", "no memory for /sys/%s", path);
  }
};
REGISTER_SUBSYSTEM(BusFiles);

}  // namespace
}  // namespace sysfs
