#include "net/netlink/route.hpp"

#include <bit>

#include "hal/cpu.hpp"
#include "net/device/interface.hpp"
#include "net/inet/address.hpp"
#include "net/inet/core.hpp"
#include "net/inet/route.hpp"
#include "net/socket/caller.hpp"

namespace net::netlink {
namespace {

namespace link_attribute {
constexpr u16 kAddress = 1, kBroadcast = 2, kName = 3, kMtu = 4, kQueueLength = 13, kOperationalState = 16;
}
namespace address_attribute {
constexpr u16 kAddress = 1, kLocal = 2, kLabel = 3, kBroadcast = 4;
}
namespace route_attribute {
constexpr u16 kTarget = 1, kInterface = 4, kGateway = 5, kPriority = 6, kTable = 15;
}
constexpr u16 kTypeEthernet = 1, kTypeLoopback = 772;
constexpr u8 kScopeUniverse = 0, kScopeLink = 253, kScopeHost = 254, kMainTable = 254;
constexpr u8 kProtocolKernel = 2, kProtocolBoot = 3, kUnicast = 1, kOperationalUp = 6, kOperationalDown = 2;

template <class T>
Result<T> body_of(std::span<const u8> body) {
  // Old programs send less, a struct rtgenmsg: the family is all that counts then.
  T result{};
  if (body.empty()) return Err(Errno::EINVAL);
  std::memcpy(&result, body.data(), std::min(body.size(), sizeof(T)));
  return result;
}

template <class T>
Result<Attributes> attributes_of(std::span<const u8> body) {
  if (body.size() < sizeof(T)) return Err(Errno::EINVAL);
  return Attributes::parse(body.subspan(align_up(sizeof(T), 4)));
}

Status must_be_admin() {
  return current_caller().may(vfs::Capability::NetAdmin) ? Status() : Status(Err(Errno::EPERM));
}

Status write_link(Writer& answer, const netif& interface, u16 flags) {
  const bool is_loopback = interface_of(interface) == nullptr;
  const LinkMessage message{
      0, 0, is_loopback ? kTypeLoopback : kTypeEthernet, netif_get_index(&interface), flags_of(interface), 0};
  TRY(answer.begin(kNewLink, flags, message));
  char name[kInterfaceName] = {};
  const usize length = name_of(interface, name);
  TRY(answer.attribute(link_attribute::kName, name, length + 1));
  TRY(answer.attribute<u32>(link_attribute::kMtu, interface.mtu));
  TRY(answer.attribute<u32>(link_attribute::kQueueLength, 1000));
  const bool works = netif_is_up(&interface) && (is_loopback || netif_is_link_up(&interface));
  TRY(answer.attribute<u8>(link_attribute::kOperationalState, works ? kOperationalUp : kOperationalDown));
  constexpr u8 kAll[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, kNone[6] = {};
  TRY(answer.attribute(link_attribute::kAddress, is_loopback ? kNone : interface.hwaddr, 6));
  TRY(answer.attribute(link_attribute::kBroadcast, is_loopback ? kNone : kAll, 6));
  answer.end();
  return {};
}

Status write_ipv4(Writer& answer, const netif& interface, u16 flags) {
  const u32 address = netif_ip4_addr(&interface)->addr, mask = netif_ip4_netmask(&interface)->addr;
  if (address == 0) return {};
  const bool is_loopback = interface_of(interface) == nullptr;
  const AddressMessage message{2, static_cast<u8>(std::popcount(mask)), 0x80, is_loopback ? kScopeHost : kScopeUniverse,
                               netif_get_index(&interface)};
  TRY(answer.begin(kNewAddress, flags, message));
  TRY(answer.attribute(address_attribute::kAddress, address));
  TRY(answer.attribute(address_attribute::kLocal, address));
  if (!is_loopback) TRY(answer.attribute<u32>(address_attribute::kBroadcast, address | ~mask));
  char name[kInterfaceName] = {};
  const usize length = name_of(interface, name);
  TRY(answer.attribute(address_attribute::kLabel, name, length + 1));
  answer.end();
  return {};
}

Status write_ipv6(Writer& answer, const netif& interface, u16 flags) {
  for (u8 i = 0; i < LWIP_IPV6_NUM_ADDRESSES; ++i) {
    if (!ip6_addr_isvalid(netif_ip6_addr_state(&interface, i))) continue;
    const ip6_addr_t& address = *netif_ip6_addr(&interface, i);
    const u8 scope = ip6_addr_islinklocal(&address)  ? kScopeLink
                     : ip6_addr_isloopback(&address) ? kScopeHost
                                                     : kScopeUniverse;
    const u8 prefix = scope == kScopeHost ? 128 : 64;
    TRY(answer.begin(kNewAddress, flags, AddressMessage{10, prefix, 0x80, scope, netif_get_index(&interface)}));
    TRY(answer.attribute(address_attribute::kAddress, address.addr, 16));
    answer.end();
  }
  return {};
}

struct RouteDump {
  Writer& answer;
  Status status;
};

Status write_route(Writer& answer, const inet::Route& route) {
  const bool is_direct = route.gateway.addr == 0;
  const RouteMessage message{2,
                             static_cast<u8>(std::popcount(route.mask.addr)),
                             0,
                             0,
                             kMainTable,
                             is_direct ? kProtocolKernel : kProtocolBoot,
                             is_direct ? kScopeLink : kScopeUniverse,
                             kUnicast,
                             0};
  TRY(answer.begin(kNewRoute, kMulti, message));
  TRY(answer.attribute<u32>(route_attribute::kTable, kMainTable));
  if (route.mask.addr != 0) TRY(answer.attribute(route_attribute::kTarget, route.network.addr));
  if (!is_direct) TRY(answer.attribute(route_attribute::kGateway, route.gateway.addr));
  TRY(answer.attribute<u32>(route_attribute::kInterface, route.interface));
  if (route.metric != 0) TRY(answer.attribute(route_attribute::kPriority, route.metric));
  answer.end();
  return {};
}

void dump_route(void* context, const inet::Route& route) {
  auto& dump = *static_cast<RouteDump*>(context);
  if (dump.status) dump.status = write_route(dump.answer, route);
}

template <class Write>
Status for_each_interface(Write write) {
  inet::CoreLock lock;
  netif* interface = nullptr;
  NETIF_FOREACH(interface) { TRY(write(*interface)); }
  return {};
}

Status dump(u16 type, u8 family, Writer& answer) {
  switch (type) {
    case kGetLink: return for_each_interface([&](netif& at) { return write_link(answer, at, kMulti); });
    case kGetAddress:
      return for_each_interface([&](netif& at) -> Status {
        if (family != 10) TRY(write_ipv4(answer, at, kMulti));
        return family == 2 ? Status() : write_ipv6(answer, at, kMulti);
      });
    case kGetRoute: {
      if (family == 10) return {};
      inet::CoreLock lock;
      RouteDump context{answer, {}};
      inet::list_routes(dump_route, &context);
      return context.status;
    }
    default: return Err(Errno::EOPNOTSUPP);
  }
}

// The interface that a message names by index, or else by attribute.
netif* named(i32 index, std::string_view name) {
  if (index > 0 && index <= 255) return netif_get_by_index(static_cast<u8>(index));
  return name.empty() ? nullptr : find_netif(name);
}

Status get_link(std::span<const u8> body, Writer& answer) {
  const auto message = TRY(body_of<LinkMessage>(body));
  const Attributes attributes = TRY(attributes_of<LinkMessage>(body));
  inet::CoreLock lock;
  const netif* interface = named(message.index, attributes.text(link_attribute::kName));
  if (interface == nullptr) return Err(Errno::ENODEV);
  return write_link(answer, *interface, 0);
}

Status set_link(std::span<const u8> body) {
  const auto message = TRY(body_of<LinkMessage>(body));
  const Attributes attributes = TRY(attributes_of<LinkMessage>(body));
  Interface* device = nullptr;
  TRY(inet::with_core([&]() -> Status {
    netif* interface = named(message.index, attributes.text(link_attribute::kName));
    if (interface == nullptr) return Err(Errno::ENODEV);
    const u32 mtu = attributes.number(link_attribute::kMtu);
    if (mtu != 0 && (mtu < 68 || mtu > 1500)) return Err(Errno::EINVAL);
    if (mtu != 0) interface->mtu = static_cast<u16>(mtu);
    device = interface_of(*interface);
    return {};
  }));
  const u32 changed = message.change == 0 ? message.flags : message.change;
  if (device == nullptr || (changed & interface_flag::kUp) == 0) return {};
  return device->set_up((message.flags & interface_flag::kUp) != 0);
}

Status change_address(u16 type, std::span<const u8> body) {
  const auto message = TRY(body_of<AddressMessage>(body));
  const Attributes attributes = TRY(attributes_of<AddressMessage>(body));
  if (message.family != 2) return Err(Errno::EAFNOSUPPORT);
  auto bytes = attributes.bytes(address_attribute::kLocal);
  if (bytes.empty()) bytes = attributes.bytes(address_attribute::kAddress);
  if (bytes.size() != 4 || message.prefix > 32) return Err(Errno::EINVAL);
  inet::CoreLock lock;
  netif* interface = named(static_cast<i32>(message.index), {});
  if (interface == nullptr) return Err(Errno::ENODEV);
  const ip_addr_t wanted = inet::ip_of(bytes);
  const bool is_there = ip4_addr_eq(netif_ip4_addr(interface), ip_2_ip4(&wanted));
  if (type == kDeleteAddress && !is_there) return Err(Errno::EADDRNOTAVAIL);
  // An interface has one IPv4 address here.
  if (type == kNewAddress && is_there) return Err(Errno::EEXIST);
  if (type == kNewAddress && !ip4_addr_isany_val(*netif_ip4_addr(interface))) return Err(Errno::ENOBUFS);
  ip4_addr_t address{}, mask{}, none{};
  if (type == kNewAddress) {
    address = *ip_2_ip4(&wanted);
    mask.addr = message.prefix == 0 ? 0 : lwip_htonl(~u32{0} << (32 - message.prefix));
  } else {
    inet::remove_routes_of(netif_get_index(interface));
  }
  netif_set_addr(interface, &address, &mask, &none);
  return {};
}

Status change_route(u16 type, std::span<const u8> body) {
  const auto message = TRY(body_of<RouteMessage>(body));
  const Attributes attributes = TRY(attributes_of<RouteMessage>(body));
  if (message.family != 2) return Err(Errno::EAFNOSUPPORT);
  if (message.target_prefix > 32) return Err(Errno::EINVAL);
  inet::Route route;
  route.network.addr = attributes.number(route_attribute::kTarget);
  route.mask.addr = message.target_prefix == 0 ? 0 : lwip_htonl(~u32{0} << (32 - message.target_prefix));
  route.gateway.addr = attributes.number(route_attribute::kGateway);
  route.interface = static_cast<u8>(attributes.number(route_attribute::kInterface));
  route.metric = attributes.number(route_attribute::kPriority);
  inet::CoreLock lock;
  return type == kNewRoute ? inet::add_route(route) : inet::remove_route(route);
}

}  // namespace

Status handle(const Header& header, std::span<const u8> body, Writer& answer) {
  const bool is_get = header.type % 4 == 2;
  if (is_get && (header.flags & kDump) != 0) return dump(header.type, TRY(body_of<u8>(body)), answer);
  if (is_get) return header.type == kGetLink ? get_link(body, answer) : Status(Err(Errno::EOPNOTSUPP));
  TRY(must_be_admin());
  switch (header.type) {
    case kNewLink:
    case kSetLink: return set_link(body);
    case kNewAddress:
    case kDeleteAddress: return change_address(header.type, body);
    case kNewRoute:
    case kDeleteRoute: return change_route(header.type, body);
    default: return Err(Errno::EOPNOTSUPP);
  }
}

}  // namespace net::netlink
