// TCP sockets.
#pragma once

#include "net/inet/inet_socket.hpp"
#include "net/inet/tcp_connection.hpp"

namespace net::inet {

class TcpSocket final : public InetSocket {
 public:
  TcpSocket(vfs::Path path, u32 flags, u16 family, lib::Ref<Connection> connection)
      : InetSocket(std::move(path), flags, family, socket_type::kStream, IP_PROTO_TCP),
        connection_(std::move(connection)) {}
  ~TcpSocket() override;

  Status bind(const SocketAddress& address) override;
  Status listen(int backlog) override;
  Result<lib::Ref<Socket>> accept(u32 flags, SocketAddress& peer) override;
  Status connect(const SocketAddress& address) override;
  Status shutdown(Shutdown how) override;
  Result<SocketAddress> local_address() override;
  Result<SocketAddress> peer_address() override;
  Result<usize> send(Outgoing& message) override;
  Result<usize> receive(Incoming& message) override;
  u32 poll(vfs::PollTable* table) override;
  Status set_option(int level, int name, std::span<const u8> value) override;
  Result<OptionValue> get_option(int level, int name) override;

 protected:
  Result<usize> readable_bytes() override;
  Result<usize> unsent_bytes() override;
  i32 take_error() override;
  bool accepts_connections() override;
  void apply_options() override;

 private:
  // Options of TCP; core lock.
  struct TcpOptions {
    bool no_delay = false, cork = false;
    u32 keep_idle_s = TCP_KEEPIDLE_DEFAULT / 1000, keep_interval_s = TCP_KEEPINTVL_DEFAULT / 1000,
        keep_count = TCP_KEEPCNT_DEFAULT;
    u32 user_timeout_ms = 0;
  };

  ip_addr_t ip_addr_any_of() const;
  // A control block to bind or connect. ENOBUFS. Core lock held.
  Status ensure_pcb();
  void inherit_options(TcpSocket& from);
  Status start_connect(const Endpoint& target);
  // What connect() answers in the present state, EALREADY while it goes on. Core lock held.
  Status connect_state();
  void linger();
  // As much of `chunk` from `offset` on as there is room for. EPIPE and its kin. Core lock held.
  Result<usize> write_some(const u8* bytes, usize size, u8 flags);
  Result<usize> send_small(vfs::WriteBuffer& data, usize size, u32 flags);
  Result<usize> send_chunk(vfs::WriteBuffer& data, usize size, u32 flags);
  // How much may be sent now; waits unless it must not.
  Result<usize> wait_for_room(u32 flags);
  Status send_state() const;
  Result<usize> receive_some(Incoming& message);
  OptionValue information();

  lib::Ref<Connection> connection_;
  TcpOptions tcp_;
};

}  // namespace net::inet
