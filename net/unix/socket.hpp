// The socket files of AF_UNIX: stream, datagram and sequential-packet sockets.
#pragma once

#include "net/socket/socket.hpp"
#include "net/unix/end.hpp"

namespace net::unix_domain {

class UnixSocket : public Socket {
 public:
  UnixSocket(vfs::Path path, u32 flags, lib::Ref<End> end)
      : Socket(std::move(path), flags, family::kUnix, end->type, 0), end_(std::move(end)) {}
  ~UnixSocket() override { end_->close(); }

  Status bind(const SocketAddress& address) override;
  Status shutdown(Shutdown how) override;
  Result<SocketAddress> local_address() override;
  Result<SocketAddress> peer_address() override;
  u32 poll(vfs::PollTable* table) override;

  End& end() const { return *end_; }

 protected:
  i32 take_error() override;
  Identity peer_identity() override;
  Result<usize> readable_bytes() override;
  Result<usize> unsent_bytes() override;
  // Events besides what the queue says; kNeverWritable keeps kOut away.
  static constexpr u32 kNeverWritable = vfs::poll_event::kInvalid;
  virtual u32 more_events(End::State& state) = 0;
  void options_changed(int name) override;

  // The packet of one send: data, sender, files. EINVAL, ETOOMANYREFS, ENOBUFS, EFAULT.
  Result<Packet*> make_packet(Outgoing& message, usize size);
  // Files and identity of a packet for the reader; with MSG_PEEK they stay in the packet too. ENOMEM.
  Status hand_over(Packet& packet, Incoming& message);

  const lib::Ref<End> end_;
};

// Streams and sequential packets, which are connected.
class ConnectedSocket final : public UnixSocket {
 public:
  using UnixSocket::UnixSocket;
  Status listen(int backlog) override;
  Result<lib::Ref<Socket>> accept(u32 flags, SocketAddress& peer) override;
  Status connect(const SocketAddress& address) override;
  Result<usize> send(Outgoing& message) override;
  Result<usize> receive(Incoming& message) override;

 protected:
  u32 more_events(End::State& state) override;
  bool accepts_connections() override;

 private:
  bool is_stream() const { return type() == socket_type::kStream; }
  Status send_packet(End& peer, Packet* packet, u32 flags);
  usize take_stream(End::State& state, Incoming& message, PacketList& consumed, bool& stop);
  usize take_one(End::State& state, Incoming& message, PacketList& consumed);
  Result<usize> receive_some(Incoming& message, bool& stop);
};

class DatagramSocket final : public UnixSocket {
 public:
  using UnixSocket::UnixSocket;
  Status connect(const SocketAddress& address) override;
  Result<usize> send(Outgoing& message) override;
  Result<usize> receive(Incoming& message) override;

 protected:
  u32 more_events(End::State& state) override;
};

// Takes a whole packet's bytes, or what fits; says so in the message's flags. The number for the caller.
usize copy_packet(Packet& packet, Incoming& message);

// The socket file of an end that was connected by somebody else. ENOMEM.
Result<lib::Ref<Socket>> wrap_end(lib::Ref<End> end, u32 flags);

}  // namespace net::unix_domain
