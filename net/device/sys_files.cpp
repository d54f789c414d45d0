// /sys/class/net: a folder for each network interface.
#include "fs/sysfs/devices.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/subsystem.hpp"
#include "net/device/interface.hpp"
#include "net/inet/core.hpp"

namespace net {
namespace {

using sysfs::Attribute;
using sysfs::Entry;
using sysfs::Text;
using vfs::FileType;

// The interface that `self.key` names, or ENODEV where it has gone. Calls print(netif&) with the core locked.
template <class Print>
Status with_interface(const Entry& self, Print print) {
  inet::CoreLock lock;
  netif* interface = find_netif(self.key);
  if (interface == nullptr) return Err(Errno::ENODEV);
  print(*interface);
  return {};
}

Status print_address(const Entry& self, Text& text) {
  return with_interface(self, [&](netif& interface) {
    const u8* mac = interface.hwaddr;
    text.print("%02x:%02x:%02x:%02x:%02x:%02x\n", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  });
}
Status print_mtu(const Entry& self, Text& text) {
  constexpr u32 kLoopbackMtu = 65536;  // lwIP gives loopback none
  return with_interface(
      self, [&](netif& interface) { text.print("%u\n", interface.mtu == 0 ? kLoopbackMtu : interface.mtu); });
}
Status print_index(const Entry& self, Text& text) {
  return with_interface(self, [&](netif& interface) { text.print("%u\n", netif_get_index(&interface)); });
}
Status print_flags(const Entry& self, Text& text) {
  return with_interface(self, [&](netif& interface) { text.print("0x%x\n", flags_of(interface)); });
}
// ARPHRD_ETHER and ARPHRD_LOOPBACK (include/uapi/linux/if_arp.h).
Status print_type(const Entry& self, Text& text) {
  return with_interface(self,
                        [&](netif& interface) { text.print("%u\n", interface_of(interface) == nullptr ? 772 : 1); });
}
Status print_state(const Entry& self, Text& text) {
  return with_interface(self, [&](netif& interface) {
    const bool is_loopback = interface_of(interface) == nullptr;
    text.add(is_loopback ? "unknown\n" : (flags_of(interface) & interface_flag::kRunning) != 0 ? "up\n" : "down\n");
  });
}

const hal_device_t* hardware_of(const Entry& self) {
  inet::CoreLock lock;
  Interface* interface = find_interface(self.key);
  return interface == nullptr ? nullptr : interface->hardware.load();
}
Status print_device_link(const Entry& self, Text& text) {
  const hal_device_t* hardware = hardware_of(self);
  if (hardware == nullptr) return Err(Errno::ENODEV);
  text.add("../../../");
  sysfs::print_device_path(device::of(hardware), text);
  return {};
}

constexpr Attribute kAttributes[] = {{"address", print_address}, {"mtu", print_mtu},   {"ifindex", print_index},
                                     {"flags", print_flags},     {"type", print_type}, {"operstate", print_state}};
constexpr Attribute kDeviceLink = {"device", print_device_link, FileType::Symlink};

bool interface_child(const Entry& self, usize index, Entry& child) {
  if (index < std::size(kAttributes)) return sysfs::set_attribute(self, kAttributes[index], child), true;
  if (index != std::size(kAttributes) || hardware_of(self) == nullptr) return false;
  sysfs::set_attribute(self, kDeviceLink, child);
  return true;
}

bool nth_interface(const Entry&, usize index, Entry& child) {
  inet::CoreLock lock;
  netif* interface = nullptr;
  NETIF_FOREACH(interface) {
    if (index-- != 0) continue;
    char name[kInterfaceName];
    name_of(*interface, name);
    child.set_name("%s", name);
    child.set_key(name);
    child.set_directory(interface_child);
    return true;
  }
  return false;
}

class SysFilesSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "sysfs-net"; }
  void on_early_init(kernel::Kernel&) override {
    Entry entry;
    entry.set_directory(nth_interface);
    if (!sysfs::register_entry("class/net", entry)) LOG_ERROR("net", "no memory for /sys/class/net");
  }
};
REGISTER_SUBSYSTEM(SysFilesSubsystem);

}  // namespace
}  // namespace net
