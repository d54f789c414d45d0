// ICMP's "destination unreachable", brought to the sockets whose packets it is about; and the families' makers.

#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/icmp6.h>
#include "net/inet/families.hpp"
#include "net/inet/raw_socket.hpp"
#include "net/inet/tcp_socket.hpp"
#include "net/inet/udp_socket.hpp"

namespace net::inet {
namespace {

constexpr usize kIcmpHeader = 8, kIpv6Header = 40;

// What Linux makes of the codes of type 3 (net/ipv4/icmp.c, icmp_err_convert).
Errno errno_of_code(u8 code) {
  switch (code) {
    case 0:
    case 6:
    case 9:
    case 11: return Errno::ENETUNREACH;
    case 2: return Errno::ENOPROTOOPT;
    case 3: return Errno::ECONNREFUSED;
    case 4: return Errno::EMSGSIZE;
    default: return Errno::EHOSTUNREACH;
  }
}
Errno errno_of_code6(u8 code) {
  switch (code) {
    case 0: return Errno::ENETUNREACH;
    case 1: return Errno::EACCES;
    case 4: return Errno::ECONNREFUSED;
    default: return Errno::EHOSTUNREACH;
  }
}

// The packet that an ICMP message quotes: whose it was.
struct Quoted {
  u8 protocol = 0;
  ip_addr_t source{}, target{};
  u16 source_port = 0, target_port = 0;
};

void tell_udp(const Quoted& quoted, Errno error) {
  for (udp_pcb* pcb = udp_pcbs; pcb != nullptr; pcb = pcb->next) {
    const bool is_connected = (pcb->flags & UDP_FLAGS_CONNECTED) != 0;
    if (!is_connected || pcb->local_port != quoted.source_port || pcb->remote_port != quoted.target_port) continue;
    if (ip_addr_eq(&pcb->remote_ip, &quoted.target)) UdpSocket::of(*pcb).report(error);
  }
}

// A connection that is being made gives up when it hears why at the end; its retries may still succeed.
void tell_tcp(const Quoted& quoted, Errno error) {
  for (tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr; pcb = pcb->next) {
    if (pcb->local_port != quoted.source_port || pcb->remote_port != quoted.target_port) continue;
    if (!ip_addr_eq(&pcb->remote_ip, &quoted.target) || pcb->callback_arg == nullptr) continue;
    if (pcb->state == SYN_SENT) static_cast<Connection*>(pcb->callback_arg)->error = static_cast<i32>(error);
  }
}

void tell(const Quoted& quoted, Errno error) {
  if (quoted.protocol == IP_PROTO_UDP) tell_udp(quoted, error);
  if (quoted.protocol == IP_PROTO_TCP) tell_tcp(quoted, error);
}

u16 port_at(const u8* bytes) { return static_cast<u16>(bytes[0] << 8 | bytes[1]); }

u8_t on_icmp(void*, raw_pcb*, pbuf* packet, const ip_addr_t*) {
  u8 bytes[kIcmpHeader + 60 + 8] = {};
  const usize got = pbuf_copy_partial(packet, bytes, sizeof(bytes), ip_current_header_tot_len());
  const u8* inner = bytes + kIcmpHeader;
  if (got < kIcmpHeader + 28 || bytes[0] != ICMP_DUR) return 0;
  const usize header = static_cast<usize>(inner[0] & 0xf) * 4;
  if (header < 20 || got < kIcmpHeader + header + 4) return 0;
  Quoted quoted;
  quoted.protocol = inner[9];
  quoted.source = ip_of({inner + 12, 4});
  quoted.target = ip_of({inner + 16, 4});
  quoted.source_port = port_at(inner + header);
  quoted.target_port = port_at(inner + header + 2);
  tell(quoted, errno_of_code(bytes[1]));
  return 0;
}

u8_t on_icmp6(void*, raw_pcb*, pbuf* packet, const ip_addr_t*) {
  u8 bytes[kIcmpHeader + kIpv6Header + 8] = {};
  const usize got = pbuf_copy_partial(packet, bytes, sizeof(bytes), ip_current_header_tot_len());
  if (got < sizeof(bytes) || bytes[0] != ICMP6_TYPE_DUR) return 0;
  const u8* inner = bytes + kIcmpHeader;
  Quoted quoted;
  quoted.protocol = inner[6];
  quoted.source = ip_of({inner + 8, 16});
  quoted.target = ip_of({inner + 24, 16});
  ip6_addr_assign_zone(ip_2_ip6(&quoted.target), IP6_UNKNOWN, ip_current_input_netif());
  quoted.source_port = port_at(inner + kIpv6Header);
  quoted.target_port = port_at(inner + kIpv6Header + 2);
  tell(quoted, errno_of_code6(bytes[1]));
  return 0;
}

Result<lib::Ref<Socket>> make_tcp(u16 family, const vfs::Path& path, u32 flags) {
  auto connection = TRY(lib::make_ref<Connection>());
  lib::Ref<Socket> socket = TRY(lib::make_ref<TcpSocket>(path, flags, family, std::move(connection)));
  return socket;
}

Result<lib::Ref<Socket>> make_raw(u16 family, const vfs::Path& path, u32 flags, u32 type, u32 protocol) {
  if (protocol > 255) return Err(Errno::EINVAL);
  auto raw = TRY(lib::make_ref<RawSocket>(path, flags, family, type, static_cast<u8>(protocol)));
  TRY(raw->start());
  lib::Ref<Socket> socket = raw;
  return socket;
}

Result<lib::Ref<Socket>> make(u16 family, u32 type, u32 protocol, u32 flags) {
  const vfs::Path path = TRY(socket_path());
  flags |= vfs::open_flag::kReadWrite;
  const u32 icmp = family == family::kInet6 ? u32{IP6_NEXTH_ICMP6} : u32{IP_PROTO_ICMP};
  switch (type) {
    case socket_type::kStream:
      if (protocol != 0 && protocol != IP_PROTO_TCP) return Err(Errno::EPROTONOSUPPORT);
      return make_tcp(family, path, flags);
    case socket_type::kDatagram:
      if (protocol == icmp) return make_raw(family, path, flags, type, protocol);
      if (protocol != 0 && protocol != IP_PROTO_UDP) return Err(Errno::EPROTONOSUPPORT);
      return lib::Ref<Socket>(TRY(lib::make_ref<UdpSocket>(path, flags, family)));
    case socket_type::kRaw:
      if (!current_caller().may(vfs::Capability::NetRaw)) return Err(Errno::EPERM);
      if (protocol == 0) return Err(Errno::EPROTONOSUPPORT);
      return make_raw(family, path, flags, type, protocol);
    default: return Err(Errno::ESOCKTNOSUPPORT);
  }
}

Result<lib::Ref<Socket>> make_ipv4(u32 type, u32 protocol, u32 flags) {
  return make(family::kInet, type, protocol, flags);
}
Result<lib::Ref<Socket>> make_ipv6(u32 type, u32 protocol, u32 flags) {
  return make(family::kInet6, type, protocol, flags);
}

}  // namespace

void register_families() {
  register_family({family::kInet, make_ipv4, nullptr});
  register_family({family::kInet6, make_ipv6, nullptr});
}

void listen_for_icmp_errors() {
  if (raw_pcb* pcb = raw_new_ip_type(IPADDR_TYPE_V4, IP_PROTO_ICMP)) raw_recv(pcb, on_icmp, nullptr);
  if (raw_pcb* pcb = raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6)) raw_recv(pcb, on_icmp6, nullptr);
}

}  // namespace net::inet
