// What UDP and raw sockets have in common: a queue of received datagrams, and how they reach the program.
//
// lwIP's callbacks put datagrams in; all of it is under the core lock. A datagram that finds the queue full is lost, as
// datagrams are.
#pragma once

#include <lwip/pbuf.h>
#include "net/inet/inet_socket.hpp"

namespace net::inet {

struct Datagram : lib::ListNode {
  pbuf* data = nullptr;  // owned
  Endpoint from;
  ip_addr_t to{};
  u32 interface = 0;
  u8 ttl = 0, tos = 0;
  usize size() const { return data->tot_len; }

  // Takes over `data`, also when it fails. What the packet's header says comes from the packet in hand. Null: no
  // memory.
  static Datagram* create(pbuf* data, const Endpoint& from);
  static void destroy(Datagram* datagram);
};

class DatagramSocket : public InetSocket {
 public:
  using InetSocket::InetSocket;
  ~DatagramSocket() override;

  Status shutdown(Shutdown how) override;
  Result<usize> receive(Incoming& message) override;
  u32 poll(vfs::PollTable* table) override;
  Result<SocketAddress> peer_address() override;

  // An ICMP error about a packet of ours.
  void report(Errno error);

 protected:
  // Into the queue, or away if that is full. Core lock held.
  void enqueue(Datagram* datagram);
  Result<usize> readable_bytes() override;
  i32 take_error() override;
  // The program's bytes as one buffer with room for headers. EMSGSIZE, ENOBUFS, EFAULT. Needs no lock.
  static Result<pbuf*> copy_in(vfs::WriteBuffer& data, usize most, pbuf_layer layer);
  void add_packet_items(const Datagram& datagram, Incoming& message) const;

  lib::List<Datagram> queue_;
  usize queued_ = 0;
  bool is_connected_ = false, receive_shut_ = false, send_shut_ = false;
  Endpoint remote_;
  i32 error_ = 0;
  sync::WaitQueue changed_;
};

}  // namespace net::inet
