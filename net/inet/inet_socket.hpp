// What TCP, UDP and raw sockets have in common: addresses, and the options of IP and IPv6.
//
// All of it is under the core lock, unless it is said otherwise.
#pragma once

#include <lwip/netif.h>
#include "net/inet/address.hpp"
#include "net/inet/core.hpp"
#include "net/socket/socket.hpp"

namespace net::inet {

inline constexpr int kLevelIp = 0, kLevelTcp = 6, kLevelUdp = 17, kLevelIpv6 = 41, kLevelIcmpv6 = 58, kLevelRaw = 255;

struct IpOptions {
  u8 ttl = 64, tos = 0, multicast_ttl = 1;
  bool multicast_loop = true, v6_only = false, header_included = false;
  bool packet_info = false, packet_info6 = false, receive_ttl = false, receive_tos = false;
  u32 multicast_interface = 0;
  i32 mtu_discovery = 1;
};

class InetSocket : public Socket {
 public:
  using Socket::Socket;
  Status set_option(int level, int name, std::span<const u8> value) override;
  Result<OptionValue> get_option(int level, int name) override;

 protected:
  bool is_ipv6() const { return family() == family::kInet6; }
  // lwIP's type for a control block of this socket: IPv4, IPv6, or both.
  u8 ip_type() const;
  // An address to bind to. EADDRNOTAVAIL (not ours), EACCES (a port below 1024), and what endpoint_of() answers.
  Result<Endpoint> bind_target(const SocketAddress& address, bool uses_port);
  // An address to send to, in the sense of this socket. ENETUNREACH (IPv6 from an IPv4 socket cannot be).
  Result<Endpoint> send_target(const SocketAddress& address) const;
  // In the type that the control block has: "any" of an IPv6 socket stands for both families.
  ip_addr_t bindable(const ip_addr_t& address) const;

  // The options changed: the control block, if there is one, gets them.
  virtual void apply_options() = 0;
  void options_changed(int name) override;
  // SO_REUSEADDR, SO_KEEPALIVE and SO_BROADCAST as lwIP's bits.
  u8 pcb_options();

  IpOptions ip_;
  bool is_bound_ = false;

 private:
  Status set_ip_option(int name, std::span<const u8> value);
  Status set_ipv6_option(int name, std::span<const u8> value);
  Status change_membership(std::span<const u8> value, bool joins);
  Status change_membership6(std::span<const u8> value, bool joins);
};

}  // namespace net::inet
