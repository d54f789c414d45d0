// Listening, and taking the connections that came.

#include <algorithm>

#include "net/inet/tcp_socket.hpp"

namespace net::inet {

using namespace vfs::poll_event;

namespace {

constexpr int kMostBacklog = 255;  // what lwIP can count

}  // namespace

err_t on_accept(void* argument, tcp_pcb* fresh, err_t error) {
  auto* listener = static_cast<Connection*>(argument);
  if (listener == nullptr || fresh == nullptr || error != ERR_OK) return ERR_VAL;
  auto made = lib::make_ref<Connection>();
  if (!made) return ERR_MEM;
  Connection& connection = **made;
  connection.attach(fresh);
  connection.phase = Connection::Phase::Connected;
  connection.announced = true;
  connection.local = {fresh->local_ip, fresh->local_port};
  connection.remote = {fresh->remote_ip, fresh->remote_port};
  tcp_backlog_delayed(fresh);
  listener->pending.push_back(*made->leak());
  listener->changed.wake_all(kIn | kReadNormal);
  return ERR_OK;
}

Status TcpSocket::listen(int backlog) {
  CoreLock lock;
  Connection& connection = *connection_;
  // As Linux, 0 leaves room for one.
  const u8 places = static_cast<u8>(std::clamp(backlog < 0 ? kMostBacklog : backlog + 1, 1, kMostBacklog));
  if (connection.phase == Connection::Phase::Listening) {
    tcp_backlog_set(connection.pcb, places);
    return {};
  }
  if (connection.phase != Connection::Phase::Fresh) return Err(Errno::EINVAL);
  TRY(ensure_pcb());
  if (connection.pcb->local_port == 0) {
    const ip_addr_t any = bindable(ip_addr_any_of());
    TRY(status_of(tcp_bind(connection.pcb, &any, 0)));
    is_bound_ = true;
  }
  tcp_pcb* before = connection.pcb;
  // lwIP frees the old block, which must not look like the connection's end.
  connection.let_go();
  err_t error = ERR_OK;
  tcp_pcb* listener = tcp_listen_with_backlog_and_err(before, places, &error);
  if (listener == nullptr) {
    connection.attach_again();
    return Err(errno_of(error));
  }
  connection.attach_listener(listener);
  connection.local = {listener->local_ip, listener->local_port};
  connection.phase = Connection::Phase::Listening;
  return {};
}

Result<lib::Ref<Socket>> TcpSocket::accept(u32 flags, SocketAddress& peer) {
  const vfs::Path path = TRY(socket_path());
  lib::Ref<TcpSocket> socket =
      TRY(lib::make_ref<TcpSocket>(path, flags | vfs::open_flag::kReadWrite, family(), lib::Ref<Connection>(nullptr)));
  const auto take = [&]() -> Status {
    CoreLock lock;
    if (connection_->phase != Connection::Phase::Listening) return Err(Errno::EINVAL);
    if (connection_->pending.empty()) return Err(Errno::EAGAIN);
    socket->connection_ = lib::Ref<Connection>::adopt(&connection_->pending.front());
    connection_->pending.pop_front();
    if (socket->connection_->pcb != nullptr) tcp_backlog_accepted(socket->connection_->pcb);
    socket->ip_ = ip_;
    socket->is_bound_ = true;
    return {};
  };
  for (;;) {
    const Status taken = take();
    if (taken) break;
    if (taken.error() != Errno::EAGAIN || is_nonblocking()) return Err(taken.error());
    TRY(wait_on(connection_->changed, options().receive_timeout_ns, [&] {
      return with_core(
          [&] { return !connection_->pending.empty() || connection_->phase != Connection::Phase::Listening; });
    }));
  }
  socket->inherit_options(*this);
  peer = address_of(socket->connection_->remote, family());
  lib::Ref<Socket> result = socket;
  return result;
}

}  // namespace net::inet
