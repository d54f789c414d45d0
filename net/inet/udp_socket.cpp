#include "net/inet/udp_socket.hpp"

#include <lwip/ip.h>

namespace net::inet {

using namespace message_flag;

namespace {
constexpr usize kMostPayload = 65507;
}

UdpSocket::~UdpSocket() {
  with_core([&] {
    if (pcb_ != nullptr) udp_remove(pcb_);
  });
}

Status UdpSocket::ensure_pcb() {
  if (pcb_ != nullptr) return {};
  pcb_ = udp_new_ip_type(ip_type());
  if (pcb_ == nullptr) return Err(Errno::ENOBUFS);
  udp_recv(pcb_, on_receive, this);
  apply_options();
  return {};
}

void UdpSocket::apply_options() {
  if (pcb_ == nullptr) return;
  pcb_->so_options = static_cast<u8>((pcb_->so_options & ~(SOF_REUSEADDR | SOF_BROADCAST)) |
                                     (pcb_options() & (SOF_REUSEADDR | SOF_BROADCAST)));
  pcb_->ttl = ip_.ttl;
  pcb_->tos = ip_.tos;
  pcb_->netif_idx = static_cast<u8>(options().interface);
  udp_set_multicast_ttl(pcb_, ip_.multicast_ttl);
  udp_set_multicast_netif_index(pcb_, static_cast<u8>(ip_.multicast_interface));
  if (ip_.multicast_loop) {
    udp_set_flags(pcb_, UDP_FLAGS_MULTICAST_LOOP);
  } else {
    udp_clear_flags(pcb_, UDP_FLAGS_MULTICAST_LOOP);
  }
}

void UdpSocket::on_receive(void* argument, udp_pcb*, pbuf* data, const ip_addr_t* address, u16_t port) {
  auto& socket = *static_cast<UdpSocket*>(argument);
  socket.enqueue(Datagram::create(data, {*address, port}));
}

Status UdpSocket::bind(const SocketAddress& address) {
  CoreLock lock;
  const Endpoint target = TRY(bind_target(address, true));
  if (is_bound_) return Err(Errno::EINVAL);
  // IPV6_V6ONLY may have changed since the block was made.
  if (pcb_ != nullptr && pcb_->local_port == 0) {
    udp_remove(pcb_);
    pcb_ = nullptr;
  }
  TRY(ensure_pcb());
  const ip_addr_t wanted = bindable(target.address);
  TRY(status_of(udp_bind(pcb_, &wanted, target.port)));
  is_bound_ = true;
  return {};
}

Status UdpSocket::connect(const SocketAddress& address) {
  CoreLock lock;
  TRY(ensure_pcb());
  if (address.family() == family::kUnspecified) {
    udp_disconnect(pcb_);
    is_connected_ = false;
    return {};
  }
  const Endpoint target = TRY(send_target(address));
  if (ip_route(&pcb_->local_ip, &target.address) == nullptr) return Err(Errno::ENETUNREACH);
  TRY(status_of(udp_connect(pcb_, &target.address, target.port)));
  is_connected_ = is_bound_ = true;
  remote_ = target;
  error_ = 0;
  return {};
}

Result<SocketAddress> UdpSocket::local_address() {
  return with_core([&] {
    Endpoint local;
    local.address.type = is_ipv6() ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4;
    if (pcb_ == nullptr) return address_of(local, family());
    local.port = pcb_->local_port;
    if (!ip_addr_isany(&pcb_->local_ip)) {
      local.address = pcb_->local_ip;
    } else if (is_connected_) {
      // As on Linux a connected socket has the address that its packets leave with.
      netif* interface = ip_route(&pcb_->local_ip, &remote_.address);
      const ip_addr_t* source = interface == nullptr ? nullptr : ip_netif_get_local_ip(interface, &remote_.address);
      if (source != nullptr) local.address = *source;
    }
    return address_of(local, family());
  });
}

Status UdpSocket::send_buffer(pbuf* buffer, const Outgoing& message) {
  CoreLock lock;
  if (error_ != 0) return Err(static_cast<Errno>(std::exchange(error_, 0)));
  if (send_shut_) return Err(Errno::EPIPE);
  TRY(ensure_pcb());
  Endpoint target = remote_;
  if (message.to != nullptr) {
    target = TRY(send_target(*message.to));
    if (target.port == 0) return Err(Errno::EINVAL);
  } else if (!is_connected_) {
    return Err(Errno::EDESTADDRREQ);
  }
  netif* interface = message.interface != 0 ? netif_get_by_index(static_cast<u8>(message.interface)) : nullptr;
  if (message.interface != 0 && interface == nullptr) return Err(Errno::ENODEV);
  if (interface == nullptr && pcb_->netif_idx != NETIF_NO_INDEX) interface = netif_get_by_index(pcb_->netif_idx);
  if (interface == nullptr) interface = ip_route(&pcb_->local_ip, &target.address);
  if (interface == nullptr) return Err(Errno::ENETUNREACH);
  const bool is_broadcast = IP_IS_V4_VAL(target.address) && ip_addr_isbroadcast(&target.address, interface);
  if (is_broadcast && (pcb_->so_options & SOF_BROADCAST) == 0) return Err(Errno::EACCES);
  err_t error;
  if (message.interface != 0) {
    error = udp_sendto_if(pcb_, buffer, &target.address, target.port, interface);
  } else {
    error = udp_sendto(pcb_, buffer, &target.address, target.port);
  }
  is_bound_ = true;
  if (error == ERR_VAL) return Err(Errno::ENETUNREACH);
  if (error == ERR_MEM) return Err(Errno::ENOBUFS);
  return status_of(error);
}

Result<usize> UdpSocket::send(Outgoing& message) {
  if ((message.flags & kOutOfBand) != 0) return Err(Errno::EOPNOTSUPP);
  const usize size = message.data.remaining();
  pbuf* buffer = TRY(copy_in(message.data, kMostPayload, PBUF_TRANSPORT));
  const Status sent = send_buffer(buffer, message);
  with_core([&] { pbuf_free(buffer); });
  if (!sent) return Err(sent.error());
  return size;
}

}  // namespace net::inet
