#include "net/inet/raw_socket.hpp"

#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/icmp6.h>

namespace net::inet {

using namespace message_flag;

namespace {

constexpr usize kMostPayload = 65515;
constexpr int kIcmpFilter = 1;
std::atomic<u16> g_next_identifier = 1;

}  // namespace

RawSocket::~RawSocket() {
  with_core([&] {
    if (pcb_ != nullptr) raw_remove(pcb_);
  });
}

Status RawSocket::start() {
  CoreLock lock;
  pcb_ = raw_new_ip_type(ip_type(), static_cast<u8>(protocol()));
  if (pcb_ == nullptr) return Err(Errno::ENOBUFS);
  raw_recv(pcb_, on_receive, this);
  if (protocol() == IP6_NEXTH_ICMP6) {
    pcb_->chksum_reqd = 1;
    pcb_->chksum_offset = 2;
  }
  if (is_ping()) identifier_ = g_next_identifier.fetch_add(1);
  apply_options();
  return {};
}

void RawSocket::apply_options() {
  if (pcb_ == nullptr) return;
  pcb_->so_options = static_cast<u8>((pcb_->so_options & ~SOF_BROADCAST) | (pcb_options() & SOF_BROADCAST));
  pcb_->ttl = ip_.ttl;
  pcb_->tos = ip_.tos;
  pcb_->netif_idx = static_cast<u8>(options().interface);
  if (ip_.header_included) {
    raw_set_flags(pcb_, RAW_FLAGS_HDRINCL);
  } else {
    raw_clear_flags(pcb_, RAW_FLAGS_HDRINCL);
  }
}

// Whether this socket is interested in the packet, whose IP header has `header` bytes.
bool RawSocket::wants(const pbuf& packet, usize header) const {
  u8 start[8] = {};
  if (pbuf_copy_partial(&packet, start, sizeof(start), static_cast<u16>(header)) != sizeof(start)) return !is_ping();
  if (!is_ping()) return protocol() != IP_PROTO_ICMP || start[0] >= 32 || (filtered_types_ >> start[0] & 1) == 0;
  const u8 reply = protocol() == IP_PROTO_ICMP ? ICMP_ER : static_cast<u8>(ICMP6_TYPE_EREP);
  return start[0] == reply && (start[4] << 8 | start[5]) == identifier_;
}

// Others may want the packet too, and lwIP itself: it stays, and we queue a copy.
u8_t RawSocket::on_receive(void* argument, raw_pcb*, pbuf* packet, const ip_addr_t* address) {
  auto& socket = *static_cast<RawSocket*>(argument);
  const usize header = ip_current_header_tot_len();
  if (!socket.wants(*packet, header)) return 0;
  pbuf* copy = pbuf_clone(PBUF_RAW, PBUF_RAM, packet);
  if (copy == nullptr) return 0;
  // IPv4's header is part of what a raw socket gets; IPv6's is not (RFC 3542).
  if (socket.is_ping() || ip_current_is_v6()) pbuf_remove_header(copy, header);
  socket.enqueue(Datagram::create(copy, {*address, 0}));
  return 0;
}

Status RawSocket::bind(const SocketAddress& address) {
  CoreLock lock;
  const Endpoint target = TRY(bind_target(address, false));
  const ip_addr_t wanted = bindable(target.address);
  TRY(status_of(raw_bind(pcb_, &wanted)));
  if (is_ping() && target.port != 0) identifier_ = target.port;
  is_bound_ = true;
  return {};
}

Status RawSocket::connect(const SocketAddress& address) {
  CoreLock lock;
  if (address.family() == family::kUnspecified) {
    raw_disconnect(pcb_);
    is_connected_ = false;
    return {};
  }
  const Endpoint target = TRY(send_target(address));
  if (ip_route(&pcb_->local_ip, &target.address) == nullptr) return Err(Errno::ENETUNREACH);
  TRY(status_of(raw_connect(pcb_, &target.address)));
  is_connected_ = true;
  remote_ = {target.address, 0};
  return {};
}

Result<SocketAddress> RawSocket::local_address() {
  return with_core([&] {
    Endpoint local{pcb_->local_ip, is_ping() ? identifier_ : static_cast<u16>(protocol())};
    if (IP_IS_ANY_TYPE_VAL(local.address)) local.address.type = IPADDR_TYPE_V6;
    return address_of(local, family());
  });
}

Status RawSocket::send_buffer(pbuf* buffer, const Outgoing& message) {
  CoreLock lock;
  if (error_ != 0) return Err(static_cast<Errno>(std::exchange(error_, 0)));
  if (send_shut_) return Err(Errno::EPIPE);
  Endpoint target = remote_;
  if (message.to != nullptr) {
    target = TRY(send_target(*message.to));
  } else if (!is_connected_) {
    return Err(Errno::EDESTADDRREQ);
  }
  netif* interface = pcb_->netif_idx != NETIF_NO_INDEX ? netif_get_by_index(pcb_->netif_idx)
                                                       : ip_route(&pcb_->local_ip, &target.address);
  if (interface == nullptr) return Err(Errno::ENETUNREACH);
  const bool is_broadcast = IP_IS_V4_VAL(target.address) && ip_addr_isbroadcast(&target.address, interface);
  if (is_broadcast && (pcb_->so_options & SOF_BROADCAST) == 0) return Err(Errno::EACCES);
  if (is_ping()) {
    auto* header = static_cast<u8*>(buffer->payload);
    const u8 request = protocol() == IP_PROTO_ICMP ? ICMP_ECHO : static_cast<u8>(ICMP6_TYPE_EREQ);
    if (buffer->len < 8 || header[0] != request || header[1] != 0) return Err(Errno::EINVAL);
    header[4] = static_cast<u8>(identifier_ >> 8);
    header[5] = static_cast<u8>(identifier_);
    if (protocol() == IP_PROTO_ICMP) {
      header[2] = header[3] = 0;
      const u16 sum = inet_chksum_pbuf(buffer);
      std::memcpy(header + 2, &sum, sizeof(sum));
    }
  }
  const err_t error = raw_sendto(pcb_, buffer, &target.address);
  if (error == ERR_VAL) return Err(Errno::EINVAL);
  return error == ERR_MEM ? Status(Err(Errno::ENOBUFS)) : status_of(error);
}

Result<usize> RawSocket::send(Outgoing& message) {
  if ((message.flags & kOutOfBand) != 0) return Err(Errno::EOPNOTSUPP);
  const usize size = message.data.remaining();
  pbuf* buffer = TRY(copy_in(message.data, kMostPayload, PBUF_IP));
  const Status sent = send_buffer(buffer, message);
  with_core([&] { pbuf_free(buffer); });
  if (!sent) return Err(sent.error());
  return size;
}

Status RawSocket::set_option(int level, int name, std::span<const u8> value) {
  if (level == kLevelRaw && name == kIcmpFilter && protocol() == IP_PROTO_ICMP && !is_ping()) {
    const u32 mask = TRY(option_argument<u32>(value));
    with_core([&] { filtered_types_ = mask; });
    return {};
  }
  return InetSocket::set_option(level, name, value);
}

}  // namespace net::inet
