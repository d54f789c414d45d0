// Raw sockets, and "ping sockets" (SOCK_DGRAM with ICMP): the latter send echo requests of their own only, and get the
// answers to these, without the IP header.
#pragma once

#include <lwip/raw.h>
#include "net/inet/datagram_socket.hpp"

namespace net::inet {

class RawSocket final : public DatagramSocket {
 public:
  RawSocket(vfs::Path path, u32 flags, u16 family, u32 type, u8 protocol)
      : DatagramSocket(std::move(path), flags, family, type, protocol) {}
  ~RawSocket() override;
  // Opens lwIP's side. ENOBUFS.
  Status start();

  Status bind(const SocketAddress& address) override;
  Status connect(const SocketAddress& address) override;
  Result<SocketAddress> local_address() override;
  Result<usize> send(Outgoing& message) override;
  Status set_option(int level, int name, std::span<const u8> value) override;

 protected:
  void apply_options() override;

 private:
  static u8_t on_receive(void* argument, raw_pcb* pcb, pbuf* packet, const ip_addr_t* address);
  bool wants(const pbuf& packet, usize header) const;
  bool is_ping() const { return type() == socket_type::kDatagram; }
  Status send_buffer(pbuf* buffer, const Outgoing& message);

  raw_pcb* pcb_ = nullptr;
  u16 identifier_ = 0;      // of a ping socket
  u32 filtered_types_ = 0;  // ICMP_FILTER
};

}  // namespace net::inet
