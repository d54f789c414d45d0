#include "net/inet/address.hpp"

namespace net::inet {
namespace {

constexpr u8 kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Result<Endpoint> from_ipv4(const SocketAddress& address) {
  const auto given = TRY(address.as<Ipv4SocketAddress>());
  return Endpoint{ip_of(given.address), swap16(given.port)};
}

Result<Endpoint> from_ipv6(const SocketAddress& address) {
  if (address.length < kShortIpv6) return Err(Errno::EINVAL);
  Ipv6SocketAddress given{};
  std::memcpy(&given, address.bytes, std::min(address.length, sizeof(given)));
  Endpoint endpoint{ip_of(given.address), swap16(given.port)};
  if (std::memcmp(given.address, kMapped, sizeof(kMapped)) == 0) {
    endpoint.address = ip_of(std::span<const u8>(given.address).subspan(12));
  } else if (given.scope != 0 && ip6_addr_has_scope(ip_2_ip6(&endpoint.address), IP6_UNKNOWN)) {
    ip6_addr_set_zone(ip_2_ip6(&endpoint.address), static_cast<u8>(given.scope));
  }
  return endpoint;
}

}  // namespace

std::span<const u8> bytes_of(const ip_addr_t& address) {
  if (IP_IS_V6_VAL(address)) return {reinterpret_cast<const u8*>(ip_2_ip6(&address)->addr), 16};
  return {reinterpret_cast<const u8*>(&ip_2_ip4(&address)->addr), 4};
}

ip_addr_t ip_of(std::span<const u8> bytes) {
  ip_addr_t address{};
  if (bytes.size() == 4) {
    address.type = IPADDR_TYPE_V4;
    std::memcpy(&ip_2_ip4(&address)->addr, bytes.data(), 4);
  } else {
    address.type = IPADDR_TYPE_V6;
    std::memcpy(ip_2_ip6(&address)->addr, bytes.data(), 16);
  }
  return address;
}

Result<Endpoint> endpoint_of(const SocketAddress& address, u16 wanted) {
  if (address.length < sizeof(u16)) return Err(Errno::EINVAL);
  const u16 given = address.family();
  if (wanted == family::kInet) {
    // As Linux: an address of no family that is all zeroes counts as "any".
    if (given != family::kInet && given != family::kUnspecified) return Err(Errno::EAFNOSUPPORT);
    return from_ipv4(address);
  }
  if (given == family::kInet) return from_ipv4(address);
  if (given != family::kInet6) return Err(address.length < kShortIpv6 ? Errno::EINVAL : Errno::EAFNOSUPPORT);
  return from_ipv6(address);
}

SocketAddress address_of(const Endpoint& endpoint, u16 wanted) {
  const auto bytes = bytes_of(endpoint.address);
  if (wanted == family::kInet) {
    Ipv4SocketAddress result{};
    result.family = family::kInet;
    result.port = swap16(endpoint.port);
    if (bytes.size() == 4) std::memcpy(result.address, bytes.data(), 4);
    return SocketAddress::of(result);
  }
  Ipv6SocketAddress result{};
  result.family = family::kInet6;
  result.port = swap16(endpoint.port);
  if (bytes.size() == 16) {
    std::memcpy(result.address, bytes.data(), 16);
    if (ip6_addr_has_zone(ip_2_ip6(&endpoint.address))) result.scope = ip6_addr_zone(ip_2_ip6(&endpoint.address));
  } else if (!ip_addr_isany_val(endpoint.address)) {
    std::memcpy(result.address, kMapped, sizeof(kMapped));
    std::memcpy(result.address + 12, bytes.data(), 4);
  }
  return SocketAddress::of(result);
}

}  // namespace net::inet
