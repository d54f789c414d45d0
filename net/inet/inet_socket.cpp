#include "net/inet/inet_socket.hpp"

#include <algorithm>

#include <lwip/igmp.h>
#include <lwip/ip.h>
#include <lwip/mld6.h>

namespace net::inet {
namespace {

namespace ip_option {
constexpr int kTos = 1, kTtl = 2, kHeaderIncluded = 3, kPacketInfo = 8, kMtuDiscovery = 10, kReceiveTtl = 12,
              kReceiveTos = 13, kMulticastInterface = 32, kMulticastTtl = 33, kMulticastLoop = 34, kJoin = 35,
              kLeave = 36;
}
namespace ipv6_option {
constexpr int kHops = 16, kMulticastInterface = 17, kMulticastHops = 18, kMulticastLoop = 19, kJoin = 20, kLeave = 21,
              kMtuDiscovery = 23, kOnlyV6 = 26, kReceivePacketInfo = 49, kReceiveHops = 51, kReceiveClass = 66,
              kClass = 67;
}

// IP options may be given as one byte or as an int.
Result<i32> small_value(std::span<const u8> value) {
  if (value.size() >= sizeof(i32)) return option_argument<i32>(value);
  if (value.empty()) return Err(Errno::EINVAL);
  return value[0];
}

// -1 asks for the default.
Result<u8> hop_limit(i32 value, u8 fallback, i32 least) {
  if (value == -1) return fallback;
  if (value < least || value > 255) return Err(Errno::EINVAL);
  return static_cast<u8>(value);
}

bool is_ours(const ip_addr_t& address) {
  netif* interface = nullptr;
  NETIF_FOREACH(interface) {
    if (IP_IS_V4_VAL(address)) {
      if (ip4_addr_eq(netif_ip4_addr(interface), ip_2_ip4(&address))) return true;
    } else if (netif_get_ip6_addr_match(interface, ip_2_ip6(&address)) >= 0) {
      return true;
    }
  }
  return IP_IS_V4_VAL(address) && ip4_addr_isloopback(ip_2_ip4(&address));
}

struct Membership {
  u8 group[4];
  u8 interface_address[4];
  i32 interface;  // only in the longer form, struct ip_mreqn
};
struct Membership6 {
  u8 group[16];
  u32 interface;
};

}  // namespace

u8 InetSocket::ip_type() const {
  if (!is_ipv6()) return IPADDR_TYPE_V4;
  return ip_.v6_only ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY;
}

ip_addr_t InetSocket::bindable(const ip_addr_t& address) const {
  ip_addr_t result = address;
  if (is_ipv6() && !ip_.v6_only && ip_addr_isany_val(address)) result.type = IPADDR_TYPE_ANY;
  return result;
}

Result<Endpoint> InetSocket::bind_target(const SocketAddress& address, bool uses_port) {
  const Endpoint target = TRY(endpoint_of(address, family()));
  if (is_ipv6() && ip_.v6_only && IP_IS_V4_VAL(target.address)) return Err(Errno::EINVAL);
  const bool is_group = ip_addr_ismulticast(&target.address) || ip_2_ip4(&target.address)->addr == IPADDR_BROADCAST;
  if (!ip_addr_isany_val(target.address) && !is_group && !is_ours(target.address)) return Err(Errno::EADDRNOTAVAIL);
  const bool is_reserved = uses_port && target.port != 0 && target.port < 1024;
  if (is_reserved && !current_caller().may(vfs::Capability::NetBindService)) return Err(Errno::EACCES);
  return target;
}

Result<Endpoint> InetSocket::send_target(const SocketAddress& address) const {
  Endpoint target = TRY(endpoint_of(address, family()));
  if (is_ipv6() && ip_.v6_only && IP_IS_V4_VAL(target.address)) return Err(Errno::ENETUNREACH);
  // To "any" means to this machine.
  if (ip_addr_isany_val(target.address)) {
    if (IP_IS_V6_VAL(target.address)) {
      ip_addr_set_loopback(true, &target.address);
    } else {
      ip_addr_set_loopback(false, &target.address);
    }
  }
  return target;
}

u8 InetSocket::pcb_options() {
  const SocketOptions wanted = options();
  return static_cast<u8>((wanted.reuse_address || wanted.reuse_port ? SOF_REUSEADDR : 0) |
                         (wanted.keep_alive ? SOF_KEEPALIVE : 0) | (wanted.broadcast ? SOF_BROADCAST : 0));
}

void InetSocket::options_changed(int) {
  with_core([&] { apply_options(); });
}

Status InetSocket::set_option(int level, int name, std::span<const u8> value) {
  if (level != kLevelIp && level != kLevelIpv6) return Socket::set_option(level, name, value);
  if (level == kLevelIpv6 && !is_ipv6()) return Err(Errno::ENOPROTOOPT);
  CoreLock lock;
  TRY(level == kLevelIp ? set_ip_option(name, value) : set_ipv6_option(name, value));
  apply_options();
  return {};
}

Status InetSocket::set_ip_option(int name, std::span<const u8> value) {
  if (name == ip_option::kJoin || name == ip_option::kLeave) return change_membership(value, name == ip_option::kJoin);
  if (name == ip_option::kMulticastInterface) {
    if (value.size() < 4) return Err(Errno::EINVAL);
    const ip_addr_t wanted = ip_of(value.first(4));
    netif* found = nullptr;
    netif* interface = nullptr;
    NETIF_FOREACH(interface) {
      if (ip4_addr_eq(netif_ip4_addr(interface), ip_2_ip4(&wanted))) found = interface;
    }
    if (found == nullptr && !ip_addr_isany_val(wanted)) return Err(Errno::EADDRNOTAVAIL);
    ip_.multicast_interface = found == nullptr ? 0 : netif_get_index(found);
    return {};
  }
  const i32 number = TRY(small_value(value));
  switch (name) {
    case ip_option::kTos: ip_.tos = static_cast<u8>(number); return {};
    case ip_option::kTtl: ip_.ttl = TRY(hop_limit(number, 64, 1)); return {};
    case ip_option::kHeaderIncluded:
      if (type() != socket_type::kRaw) return Err(Errno::ENOPROTOOPT);
      ip_.header_included = number != 0;
      return {};
    case ip_option::kPacketInfo: ip_.packet_info = number != 0; return {};
    case ip_option::kMtuDiscovery:
      if (number < 0 || number > 5) return Err(Errno::EINVAL);
      ip_.mtu_discovery = number;
      return {};
    case ip_option::kReceiveTtl: ip_.receive_ttl = number != 0; return {};
    case ip_option::kReceiveTos: ip_.receive_tos = number != 0; return {};
    case ip_option::kMulticastTtl: ip_.multicast_ttl = TRY(hop_limit(number, 1, 0)); return {};
    case ip_option::kMulticastLoop: ip_.multicast_loop = number != 0; return {};
    default: return Err(Errno::ENOPROTOOPT);
  }
}

Status InetSocket::set_ipv6_option(int name, std::span<const u8> value) {
  if (name == ipv6_option::kJoin || name == ipv6_option::kLeave) {
    return change_membership6(value, name == ipv6_option::kJoin);
  }
  const i32 number = TRY(option_argument<i32>(value));
  switch (name) {
    case ipv6_option::kHops: ip_.ttl = TRY(hop_limit(number, 64, 0)); return {};
    case ipv6_option::kMulticastHops: ip_.multicast_ttl = TRY(hop_limit(number, 1, 0)); return {};
    case ipv6_option::kMulticastLoop: ip_.multicast_loop = number != 0; return {};
    case ipv6_option::kMulticastInterface:
      if (number != 0 && netif_get_by_index(static_cast<u8>(number)) == nullptr) return Err(Errno::ENODEV);
      ip_.multicast_interface = static_cast<u32>(number);
      return {};
    case ipv6_option::kMtuDiscovery:
      if (number < 0 || number > 5) return Err(Errno::EINVAL);
      ip_.mtu_discovery = number;
      return {};
    case ipv6_option::kOnlyV6:
      if (is_bound_) return Err(Errno::EINVAL);
      ip_.v6_only = number != 0;
      return {};
    case ipv6_option::kReceivePacketInfo: ip_.packet_info6 = number != 0; return {};
    case ipv6_option::kReceiveHops: ip_.receive_ttl = number != 0; return {};
    case ipv6_option::kReceiveClass: ip_.receive_tos = number != 0; return {};
    case ipv6_option::kClass: ip_.tos = number == -1 ? 0 : static_cast<u8>(number); return {};
    default: return Err(Errno::ENOPROTOOPT);
  }
}

Status InetSocket::change_membership(std::span<const u8> value, bool joins) {
  if (value.size() < 8) return Err(Errno::EINVAL);
  Membership wanted{};
  std::memcpy(&wanted, value.data(), std::min(value.size(), sizeof(wanted)));
  const ip_addr_t group = ip_of(wanted.group), address = ip_of(wanted.interface_address);
  if (!ip_addr_ismulticast(&group)) return Err(Errno::EINVAL);
  err_t result;
  if (wanted.interface != 0) {
    netif* interface = netif_get_by_index(static_cast<u8>(wanted.interface));
    if (interface == nullptr) return Err(Errno::ENODEV);
    result =
        joins ? igmp_joingroup_netif(interface, ip_2_ip4(&group)) : igmp_leavegroup_netif(interface, ip_2_ip4(&group));
  } else {
    result = joins ? igmp_joingroup(ip_2_ip4(&address), ip_2_ip4(&group))
                   : igmp_leavegroup(ip_2_ip4(&address), ip_2_ip4(&group));
  }
  return result == ERR_OK ? Status() : Status(Err(joins ? Errno::ENODEV : Errno::EADDRNOTAVAIL));
}

Status InetSocket::change_membership6(std::span<const u8> value, bool joins) {
  const auto wanted = TRY(option_argument<Membership6>(value));
  const ip_addr_t group = ip_of(wanted.group);
  if (!ip_addr_ismulticast(&group)) return Err(Errno::EINVAL);
  netif* interface = wanted.interface != 0 ? netif_get_by_index(static_cast<u8>(wanted.interface)) : netif_default;
  if (interface == nullptr) return Err(Errno::ENODEV);
  const err_t result =
      joins ? mld6_joingroup_netif(interface, ip_2_ip6(&group)) : mld6_leavegroup_netif(interface, ip_2_ip6(&group));
  return result == ERR_OK ? Status() : Status(Err(joins ? Errno::ENODEV : Errno::EADDRNOTAVAIL));
}

Result<OptionValue> InetSocket::get_option(int level, int name) {
  if (level != kLevelIp && level != kLevelIpv6) return Socket::get_option(level, name);
  if (level == kLevelIpv6 && !is_ipv6()) return Err(Errno::ENOPROTOOPT);
  const IpOptions now = with_core([&] { return ip_; });
  const auto number = [](i32 value) { return OptionValue::of(value); };
  if (level == kLevelIp) {
    switch (name) {
      case ip_option::kTos: return number(now.tos);
      case ip_option::kTtl: return number(now.ttl);
      case ip_option::kHeaderIncluded: return number(now.header_included);
      case ip_option::kPacketInfo: return number(now.packet_info);
      case ip_option::kMtuDiscovery: return number(now.mtu_discovery);
      case ip_option::kReceiveTtl: return number(now.receive_ttl);
      case ip_option::kReceiveTos: return number(now.receive_tos);
      case ip_option::kMulticastTtl: return number(now.multicast_ttl);
      case ip_option::kMulticastLoop: return number(now.multicast_loop);
      default: return Err(Errno::ENOPROTOOPT);
    }
  }
  switch (name) {
    case ipv6_option::kHops: return number(now.ttl);
    case ipv6_option::kMulticastHops: return number(now.multicast_ttl);
    case ipv6_option::kMulticastLoop: return number(now.multicast_loop);
    case ipv6_option::kMulticastInterface: return number(static_cast<i32>(now.multicast_interface));
    case ipv6_option::kMtuDiscovery: return number(now.mtu_discovery);
    case ipv6_option::kOnlyV6: return number(now.v6_only);
    case ipv6_option::kReceivePacketInfo: return number(now.packet_info6);
    case ipv6_option::kReceiveHops: return number(now.receive_ttl);
    case ipv6_option::kReceiveClass: return number(now.receive_tos);
    case ipv6_option::kClass: return number(now.tos);
    default: return Err(Errno::ENOPROTOOPT);
  }
}

}  // namespace net::inet
