// UDP sockets.
#pragma once

#include <lwip/udp.h>
#include "net/inet/datagram_socket.hpp"

namespace net::inet {

class UdpSocket final : public DatagramSocket {
 public:
  UdpSocket(vfs::Path path, u32 flags, u16 family)
      : DatagramSocket(std::move(path), flags, family, socket_type::kDatagram, IP_PROTO_UDP) {}
  ~UdpSocket() override;

  Status bind(const SocketAddress& address) override;
  Status connect(const SocketAddress& address) override;
  Result<SocketAddress> local_address() override;
  Result<usize> send(Outgoing& message) override;

  // The socket of a control block of lwIP's.
  static UdpSocket& of(const udp_pcb& pcb) { return *static_cast<UdpSocket*>(pcb.recv_arg); }
  // The control block, made when it is first needed. ENOBUFS. Core lock held.
  Status ensure_pcb();

 protected:
  void apply_options() override;

 private:
  static void on_receive(void* argument, udp_pcb* pcb, pbuf* data, const ip_addr_t* address, u16_t port);
  Status send_buffer(pbuf* buffer, const Outgoing& message);

  udp_pcb* pcb_ = nullptr;
};

}  // namespace net::inet
