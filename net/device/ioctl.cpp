// The ioctls of netdevice(7) and rtnetlink's older sister: addresses, flags and routes of interfaces.

#include <algorithm>

#include "hal/cpu.hpp"
#include "kernel/lib/subsystem.hpp"
#include "net/device/interface.hpp"
#include "net/inet/address.hpp"
#include "net/inet/core.hpp"
#include "net/inet/route.hpp"
#include "net/socket/socket.hpp"

namespace net {
namespace {

enum Request : u32 {
  kAddRoute = 0x890b,
  kDeleteRoute = 0x890c,
  kGetName = 0x8910,
  kGetConfiguration = 0x8912,
  kGetFlags = 0x8913,
  kSetFlags = 0x8914,
  kGetAddress = 0x8915,
  kSetAddress = 0x8916,
  kGetDestination = 0x8917,
  kGetBroadcast = 0x8919,
  kSetBroadcast = 0x891a,
  kGetMask = 0x891b,
  kSetMask = 0x891c,
  kGetMetric = 0x891d,
  kGetMtu = 0x8921,
  kSetMtu = 0x8922,
  kGetHardwareAddress = 0x8927,
  kGetIndex = 0x8933,
  kGetQueueLength = 0x8942,
  kSetQueueLength = 0x8943,
  kGetMap = 0x8970,
};

constexpr u16 kTypeEthernet = 1, kTypeLoopback = 772;  // ARPHRD_
constexpr i32 kLeastMtu = 68, kMostMtu = 1500;

// struct ifreq.
struct InterfaceRequest {
  char name[kInterfaceName];
  union {
    inet::Ipv4SocketAddress address;
    u8 bytes[24];
    i32 number;
    u16 flags;
  } u;
};
static_assert(sizeof(InterfaceRequest) == 40);

// struct ifconf and struct rtentry.
struct Configuration {
  i32 length;
  i32 padding;
  u64 buffer;
};
struct RouteRequest {
  u64 padding1;
  inet::Ipv4SocketAddress target, gateway, mask;
  u16 flags;
  i16 padding2;
  u64 padding3;
  u64 padding4;
  i16 metric;
  u64 device;
  u64 mtu, window;
  u16 round_trip;
};
static_assert(sizeof(RouteRequest) == 120);
constexpr u16 kRouteGateway = 2, kRouteHost = 4;

std::string_view name_in(const InterfaceRequest& request) {
  return {request.name, strnlen(request.name, sizeof(request.name))};
}

ip4_addr_t address_in(const inet::Ipv4SocketAddress& address) {
  ip4_addr_t result;
  std::memcpy(&result.addr, address.address, sizeof(result.addr));
  return result;
}

void put_address(InterfaceRequest& request, u32 address) {
  request.u.address = {};
  request.u.address.family = family::kInet;
  std::memcpy(request.u.address.address, &address, sizeof(address));
}

u32 broadcast_of(const netif& interface) {
  return netif_ip4_addr(&interface)->addr | ~netif_ip4_netmask(&interface)->addr;
}

// The natural mask of an address, as for SIOCSIFADDR without a mask.
u32 class_mask(u32 address) {
  const u8 first = static_cast<u8>(address);
  if (first < 128) return 0x000000ff;
  return first < 192 ? 0x0000ffff : 0x00ffffff;
}

Status may_change() { return current_caller().may(vfs::Capability::NetAdmin) ? Status() : Status(Err(Errno::EPERM)); }

Status get(const netif& interface, u32 request, InterfaceRequest& data) {
  Interface* device = interface_of(interface);
  switch (request) {
    case kGetFlags: data.u.flags = static_cast<u16>(flags_of(interface)); return {};
    case kGetAddress:
    case kGetDestination:
      if (ip4_addr_isany_val(*netif_ip4_addr(&interface))) return Err(Errno::EADDRNOTAVAIL);
      put_address(data, netif_ip4_addr(&interface)->addr);
      return {};
    case kGetBroadcast:
      if (ip4_addr_isany_val(*netif_ip4_addr(&interface))) return Err(Errno::EADDRNOTAVAIL);
      put_address(data, device == nullptr ? 0 : broadcast_of(interface));
      return {};
    case kGetMask:
      if (ip4_addr_isany_val(*netif_ip4_addr(&interface))) return Err(Errno::EADDRNOTAVAIL);
      put_address(data, netif_ip4_netmask(&interface)->addr);
      return {};
    case kGetMetric: data.u.number = 0; return {};
    case kGetMtu: data.u.number = interface.mtu; return {};
    case kGetIndex: data.u.number = netif_get_index(&interface); return {};
    case kGetQueueLength:
      data.u.number = device == nullptr ? 1000 : static_cast<i32>(device->transmit_queue_length);
      return {};
    case kGetMap: std::memset(data.u.bytes, 0, sizeof(data.u.bytes)); return {};
    case kGetHardwareAddress: {
      std::memset(data.u.bytes, 0, sizeof(data.u.bytes));
      const u16 type = device == nullptr ? kTypeLoopback : kTypeEthernet;
      std::memcpy(data.u.bytes, &type, sizeof(type));
      if (device != nullptr) std::memcpy(data.u.bytes + 2, interface.hwaddr, 6);
      return {};
    }
    default: return Err(Errno::ENOTTY);
  }
}

// Core lock held. Flags are set elsewhere, for that waits.
Status set(netif& interface, u32 request, const InterfaceRequest& data) {
  switch (request) {
    case kSetAddress: {
      if (data.u.address.family != family::kInet) return Err(Errno::EINVAL);
      const ip4_addr_t address = address_in(data.u.address);
      ip4_addr_t mask = *netif_ip4_netmask(&interface);
      if (address.addr == 0) {
        mask.addr = 0;
        inet::remove_routes_of(netif_get_index(&interface));
      } else if (mask.addr == 0) {
        mask.addr = class_mask(address.addr);
      }
      const ip4_addr_t none{};
      netif_set_addr(&interface, &address, &mask, &none);
      return {};
    }
    case kSetMask: {
      const ip4_addr_t mask = address_in(data.u.address);
      netif_set_netmask(&interface, &mask);
      return {};
    }
    case kSetBroadcast:
      // lwIP has the one that address and mask imply.
      return address_in(data.u.address).addr == broadcast_of(interface) ? Status() : Status(Err(Errno::EINVAL));
    case kSetMtu:
      if (data.u.number < kLeastMtu || data.u.number > kMostMtu) return Err(Errno::EINVAL);
      interface.mtu = static_cast<u16>(data.u.number);
      return {};
    case kSetQueueLength:
      if (data.u.number < 0) return Err(Errno::EINVAL);
      if (Interface* device = interface_of(interface)) device->transmit_queue_length = static_cast<u32>(data.u.number);
      return {};
    default: return Err(Errno::ENOTTY);
  }
}

Status set_flags(const InterfaceRequest& data) {
  Interface* device = inet::with_core([&] { return find_interface(name_in(data)); });
  const bool up = (data.u.flags & interface_flag::kUp) != 0;
  if (device == nullptr) {
    // Loopback is always up here.
    const bool is_loopback = name_in(data) == "lo";
    return is_loopback && up ? Status() : Status(Err(is_loopback ? Errno::EOPNOTSUPP : Errno::ENODEV));
  }
  TRY(device->set_up(up));
  // Bringing a device up gives an interface without an address nothing but its flag.
  return {};
}

Result<i64> list_interfaces(VirtAddr argument) {
  Configuration wanted = TRY(mm::UserIn<Configuration>(argument).get());
  lib::Vector<InterfaceRequest> found;
  TRY(inet::with_core([&]() -> Status {
    netif* interface = nullptr;
    NETIF_FOREACH(interface) {
      if (ip4_addr_isany_val(*netif_ip4_addr(interface))) continue;
      InterfaceRequest entry{};
      name_of(*interface, entry.name);
      put_address(entry, netif_ip4_addr(interface)->addr);
      TRY(found.push(entry));
    }
    return {};
  }));
  const usize room =
      wanted.buffer == 0 ? found.size() : static_cast<usize>(std::max(wanted.length, 0)) / sizeof(InterfaceRequest);
  const usize count = std::min(room, found.size());
  if (wanted.buffer != 0) {
    TRY(mm::copy_to_user(wanted.buffer, found.data(), count * sizeof(InterfaceRequest)));
  }
  wanted.length = static_cast<i32>(count * sizeof(InterfaceRequest));
  TRY(mm::UserOut<Configuration>(argument).put(wanted));
  return 0;
}

Result<i64> change_route(u32 request, VirtAddr argument) {
  TRY(may_change());
  const RouteRequest wanted = TRY(mm::UserIn<RouteRequest>(argument).get());
  if (wanted.target.family != family::kInet) return Err(Errno::EAFNOSUPPORT);
  char name[kInterfaceName] = {};
  if (wanted.device != 0) TRY(mm::UserString(wanted.device).copy(name, Errno::ENODEV));
  inet::Route route;
  route.network = address_in(wanted.target);
  route.mask = address_in(wanted.mask);
  if ((wanted.flags & kRouteHost) != 0) route.mask.addr = ~u32{0};
  if ((wanted.flags & kRouteGateway) != 0) route.gateway = address_in(wanted.gateway);
  route.metric = wanted.metric > 0 ? static_cast<u32>(wanted.metric) - 1 : 0;
  inet::CoreLock lock;
  if (name[0] != 0) {
    const netif* interface = find_netif(name);
    if (interface == nullptr) return Err(Errno::ENODEV);
    route.interface = netif_get_index(interface);
  }
  TRY(request == kAddRoute ? inet::add_route(route) : inet::remove_route(route));
  return 0;
}

Result<i64> interface_control(u32 request, VirtAddr argument) {
  if (request == kGetConfiguration) return list_interfaces(argument);
  if (request == kAddRoute || request == kDeleteRoute) return change_route(request, argument);
  if (request < kGetName || request > kGetMap) return Err(Errno::ENOTTY);
  InterfaceRequest data = TRY(mm::UserIn<InterfaceRequest>(argument).get());
  data.name[sizeof(data.name) - 1] = 0;
  const bool changes = request == kSetFlags || request == kSetAddress || request == kSetBroadcast ||
                       request == kSetMask || request == kSetMtu || request == kSetQueueLength;
  if (changes) TRY(may_change());
  if (request == kSetFlags) {
    TRY(set_flags(data));
    return 0;
  }
  TRY(inet::with_core([&]() -> Status {
    netif* interface =
        request == kGetName ? netif_get_by_index(static_cast<u8>(data.u.number)) : find_netif(name_in(data));
    if (interface == nullptr) return Err(Errno::ENODEV);
    if (request == kGetName) {
      name_of(*interface, data.name);
      return {};
    }
    return changes ? set(*interface, request, data) : get(*interface, request, data);
  }));
  // As on Linux an address brings the interface up.
  if (request == kSetAddress) {
    Interface* device = inet::with_core([&] { return find_interface(name_in(data)); });
    if (device != nullptr && data.u.address.address[0] != 0) TRY(device->set_up(true));
  }
  if (!changes) TRY(mm::UserOut<InterfaceRequest>(argument).put(data));
  return 0;
}

u32 index_of(std::string_view name) {
  return inet::with_core([&] {
    const netif* interface = find_netif(name);
    return interface == nullptr ? 0u : netif_get_index(interface);
  });
}

usize name_of_index(u32 index, std::span<char> name) {
  return inet::with_core([&] {
    const netif* interface = index > 255 ? nullptr : netif_get_by_index(static_cast<u8>(index));
    return interface == nullptr ? usize{0} : name_of(*interface, name);
  });
}

class InterfacesSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "interfaces"; }
  void on_early_init(kernel::Kernel&) override {
    set_interface_control(interface_control);
    set_interface_names({index_of, name_of_index});
  }
};
REGISTER_SUBSYSTEM(InterfacesSubsystem);

}  // namespace
}  // namespace net
