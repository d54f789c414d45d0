// Internet addresses of programs (sockaddr_in, sockaddr_in6) and of lwIP.
#pragma once

#include <lwip/ip_addr.h>
#include "net/socket/address.hpp"

namespace net::inet {

// struct sockaddr_in and sockaddr_in6. Ports and addresses are in network byte order.
struct Ipv4SocketAddress {
  u16 family;
  u16 port;
  u8 address[4];
  u8 zero[8];
};
static_assert(sizeof(Ipv4SocketAddress) == 16);
struct Ipv6SocketAddress {
  u16 family;
  u16 port;
  u32 flow;
  u8 address[16];
  u32 scope;
};
static_assert(sizeof(Ipv6SocketAddress) == 28);
inline constexpr usize kShortIpv6 = 24;  // without the scope: Linux takes that too

struct Endpoint {
  ip_addr_t address{};
  u16 port = 0;  // host byte order
};

// For a socket of `family`. An IPv4 address that is mapped into IPv6 comes out as IPv4. EINVAL, EAFNOSUPPORT.
Result<Endpoint> endpoint_of(const SocketAddress& address, u16 family);
// In the form of `family`: IPv4 is mapped for an IPv6 socket.
SocketAddress address_of(const Endpoint& endpoint, u16 family);

// The four or sixteen bytes.
std::span<const u8> bytes_of(const ip_addr_t& address);
ip_addr_t ip_of(std::span<const u8> bytes);

constexpr u16 swap16(u16 value) { return static_cast<u16>(value << 8 | value >> 8); }

}  // namespace net::inet
