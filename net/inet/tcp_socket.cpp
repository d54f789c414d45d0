#include "net/inet/tcp_socket.hpp"

#include <algorithm>

#include <lwip/priv/tcp_priv.h>

namespace net::inet {

using namespace vfs::poll_event;
using namespace message_flag;
using Phase = Connection::Phase;

namespace {

// Up to here bytes are copied into lwIP's buffers, where several small writes share one; above, they get a chunk.
constexpr usize kSmall = 1024;
constexpr usize kLargestChunk = 64 * KiB - sizeof(SendChunk) - 16;
// A program that waits to write is woken when this much fits.
constexpr usize kWritable = TCP_SND_BUF / 4;

}  // namespace

ip_addr_t TcpSocket::ip_addr_any_of() const {
  ip_addr_t any{};
  any.type = is_ipv6() ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4;
  return any;
}

TcpSocket::~TcpSocket() {
  if (!connection_) return;
  const SocketOptions wanted = options();
  if (wanted.linger && wanted.linger_seconds != 0) linger();
  with_core([&] { connection_->close(wanted.linger && wanted.linger_seconds == 0); });
  with_core([&] { connection_.reset(); });
}

// Until what was sent is acknowledged, or the time is over.
void TcpSocket::linger() {
  const u64 timeout = u64{options().linger_seconds} * 1'000'000'000;
  with_core([&] {
    if (connection_->can_send()) tcp_shutdown(connection_->pcb, 0, 1);
  });
  static_cast<void>(wait_on(connection_->changed, timeout, [&] {
    return with_core([&] { return connection_->pcb == nullptr || connection_->acknowledged == connection_->written; });
  }));
}

Status TcpSocket::ensure_pcb() {
  if (connection_->pcb != nullptr) return {};
  tcp_pcb* fresh = tcp_new_ip_type(ip_type());
  if (fresh == nullptr) return Err(Errno::ENOBUFS);
  connection_->attach(fresh);
  connection_->is_ended = connection_->send_shut = connection_->announced = false;
  connection_->phase = Phase::Fresh;
  apply_options();
  return {};
}

void TcpSocket::apply_options() {
  tcp_pcb* pcb = connection_->pcb;
  if (pcb == nullptr) return;
  constexpr u8 kOurs = SOF_REUSEADDR | SOF_KEEPALIVE | SOF_BROADCAST;
  pcb->so_options = static_cast<u8>((pcb->so_options & ~kOurs) | pcb_options());
  pcb->ttl = ip_.ttl;
  pcb->tos = ip_.tos;
  const u32 interface = options().interface;
  pcb->netif_idx = static_cast<u8>(interface);
  if (connection_->phase == Phase::Listening) return;
  if (tcp_.no_delay) {
    tcp_nagle_disable(pcb);
  } else {
    tcp_nagle_enable(pcb);
  }
  pcb->keep_idle = tcp_.keep_idle_s * 1000;
  pcb->keep_intvl = tcp_.keep_interval_s * 1000;
  pcb->keep_cnt = tcp_.keep_count;
}

void TcpSocket::inherit_options(TcpSocket& from) {
  CoreLock lock;
  tcp_ = from.tcp_;
  apply_options();
}

Status TcpSocket::bind(const SocketAddress& address) {
  CoreLock lock;
  const Endpoint target = TRY(bind_target(address, true));
  if (is_bound_ || connection_->phase != Phase::Fresh) return Err(Errno::EINVAL);
  TRY(ensure_pcb());
  const ip_addr_t wanted = bindable(target.address);
  TRY(status_of(tcp_bind(connection_->pcb, &wanted, target.port)));
  connection_->local = {target.address, connection_->pcb->local_port};
  is_bound_ = true;
  return {};
}

Status TcpSocket::connect_state() {
  Connection& connection = *connection_;
  switch (connection.phase) {
    case Phase::Listening: return Err(Errno::EISCONN);
    case Phase::Connecting: return Err(Errno::EALREADY);
    case Phase::Connected:
      if (std::exchange(connection.announced, true)) return Err(Errno::EISCONN);
      return {};
    default:
      if (const i32 error = connection.take_error()) return Err(static_cast<Errno>(error));
      return Err(Errno::ECONNABORTED);
  }
}

Status TcpSocket::start_connect(const Endpoint& target) {
  TRY(ensure_pcb());
  Connection& connection = *connection_;
  if (ip_addr_ismulticast(&target.address)) return Err(Errno::ENETUNREACH);
  connection.error = 0;
  connection.phase = Phase::Connecting;
  connection.remote = target;
  const err_t error = tcp_connect(connection.pcb, &target.address, target.port, connection.pcb->connected);
  if (error == ERR_OK) {
    connection.local = {connection.pcb->local_ip, connection.pcb->local_port};
    is_bound_ = true;
    return {};
  }
  connection.phase = Phase::Fresh;
  return Err(error == ERR_BUF ? Errno::EADDRNOTAVAIL : errno_of(error));
}

Status TcpSocket::connect(const SocketAddress& address) {
  const auto begin = [&]() -> Status {
    CoreLock lock;
    if (connection_->phase != Phase::Fresh && connection_->phase != Phase::Closed) return connect_state();
    if (connection_->phase == Phase::Closed && connection_->error != 0) return connect_state();
    TRY(start_connect(TRY(send_target(address))));
    return Err(Errno::EINPROGRESS);
  };
  const Status begun = begin();
  const bool goes_on = !begun && (begun.error() == Errno::EINPROGRESS || begun.error() == Errno::EALREADY);
  if (!goes_on) return begun;
  // Over loopback the whole handshake happened when the lock was given back.
  const bool is_done = with_core([&] { return connection_->phase != Phase::Connecting; });
  if (!is_done) {
    if (is_nonblocking()) return begun;
    const u64 timeout = options().send_timeout_ns;
    const Status waited = wait_on(connection_->changed, timeout,
                                  [&] { return with_core([&] { return connection_->phase != Phase::Connecting; }); });
    if (!waited) return Err(waited.error() == Errno::EAGAIN ? Errno::EINPROGRESS : waited.error());
  } else if (is_nonblocking()) {
    // As Linux, which tells of the success at the next call or by poll().
    return Err(Errno::EINPROGRESS);
  }
  CoreLock lock;
  return connect_state();
}

Status TcpSocket::shutdown(Shutdown how) {
  CoreLock lock;
  Connection& connection = *connection_;
  if (connection.phase == Phase::Listening && how != Shutdown::Write) {
    connection.close(true);
    connection.has_file = true;
    connection.changed.wake_all();
    return {};
  }
  if (connection.phase != Phase::Connected) return Err(Errno::ENOTCONN);
  if (how != Shutdown::Write) connection.receive_shut = true;
  if (how != Shutdown::Read && !connection.send_shut) {
    connection.send_shut = true;
    if (connection.pcb != nullptr) TRY(status_of(tcp_shutdown(connection.pcb, 0, 1)));
  }
  connection.changed.wake_all();
  return {};
}

Result<SocketAddress> TcpSocket::local_address() {
  return with_core([&] {
    Endpoint local = connection_->local;
    if (local.port == 0 && local.address.type == 0) local.address = ip_addr_any_of();
    return address_of(local, family());
  });
}

Result<SocketAddress> TcpSocket::peer_address() {
  return with_core([&]() -> Result<SocketAddress> {
    if (connection_->phase != Phase::Connected || connection_->remote.port == 0) return Err(Errno::ENOTCONN);
    return address_of(connection_->remote, family());
  });
}

Status TcpSocket::send_state() const {
  Connection& connection = *connection_;
  if (connection.phase == Phase::Connecting) return Err(Errno::EAGAIN);
  if (connection.error != 0) return Err(static_cast<Errno>(connection.take_error()));
  if (!connection.can_send()) return Err(Errno::EPIPE);
  return {};
}

Result<usize> TcpSocket::wait_for_room(u32 flags) {
  for (;;) {
    const auto room = with_core([&]() -> Result<usize> {
      TRY(send_state());
      const usize free = connection_->send_room();
      return free != 0 ? Result<usize>(free) : Err(Errno::EAGAIN);
    });
    if (room || room.error() != Errno::EAGAIN || must_not_wait(flags)) return room;
    TRY(wait_on(connection_->changed, options().send_timeout_ns, [&] {
      return with_core([&] {
        return connection_->phase != Phase::Connecting && (!connection_->can_send() || connection_->send_room() != 0);
      });
    }));
  }
}

Result<usize> TcpSocket::write_some(const u8* bytes, usize size, u8 flags) {
  Connection& connection = *connection_;
  TRY(send_state());
  usize done = 0;
  while (done < size) {
    const usize piece = std::min({size - done, connection.send_room(), usize{0xffff}});
    if (piece == 0 || tcp_write(connection.pcb, bytes + done, static_cast<u16>(piece), flags) != ERR_OK) break;
    done += piece;
  }
  connection.written += done;
  return done;
}

Result<usize> TcpSocket::send_small(vfs::WriteBuffer& data, usize size, u32 flags) {
  u8 bytes[kSmall];
  const usize got = data.take(bytes, size);
  if (got == 0) return Err(Errno::EFAULT);
  usize done = 0;
  while (done < got) {
    const auto written = with_core([&]() -> Result<usize> {
      const bool holds_back = tcp_.cork || (flags & kMore) != 0;
      const u8 how = TCP_WRITE_FLAG_COPY | (holds_back ? TCP_WRITE_FLAG_MORE : 0);
      const usize some = TRY(write_some(bytes + done, got - done, how));
      if (!holds_back || connection_->pcb->snd_queuelen > 4) tcp_output(connection_->pcb);
      return some;
    });
    if (!written && done == 0) return written;
    if (!written) break;
    done += *written;
    if (done < got && !wait_for_room(flags)) break;
  }
  return done != 0 ? Result<usize>(done) : Err(Errno::EAGAIN);
}

Result<usize> TcpSocket::send_chunk(vfs::WriteBuffer& data, usize size, u32 flags) {
  SendChunk* chunk = TRY(SendChunk::create(data, size));
  usize done = 0;
  Status failure;
  while (failure && done < chunk->size) {
    const usize before = done;
    with_core([&] {
      const auto written = write_some(chunk->bytes() + done, chunk->size - done, 0);
      if (!written) {
        failure = Err(written.error());
        return;
      }
      // From the first byte on lwIP refers to the chunk: it is the connection's, to be freed when all of it has
      // arrived.
      if (before == 0 && *written != 0) connection_->chunks.push_back(*chunk);
      done += *written;
      chunk->end = done == chunk->size ? connection_->written : ~u64{0};
      tcp_output(connection_->pcb);
    });
    if (failure && done < chunk->size) {
      const auto room = wait_for_room(flags);
      if (!room) failure = Err(room.error());
    }
  }
  if (done == 0) {
    SendChunk::destroy(chunk);
    return Err(failure.error());
  }
  if (done < chunk->size) {
    with_core([&] {
      if (connection_->pcb != nullptr) chunk->end = connection_->written;
    });
  }
  return done;
}

Result<usize> TcpSocket::send(Outgoing& message) {
  if ((message.flags & kOutOfBand) != 0) return Err(Errno::EOPNOTSUPP);
  const usize total = message.data.remaining();
  usize done = 0;
  do {
    const auto room = wait_for_room(message.flags);
    if (!room) return done != 0 ? Result<usize>(done) : Err(room.error());
    if (total == 0) return usize{0};
    const usize left = message.data.remaining();
    const usize piece = std::min({left, *room, left <= kSmall ? kSmall : kLargestChunk});
    const auto sent = piece <= kSmall ? send_small(message.data, piece, message.flags)
                                      : send_chunk(message.data, piece, message.flags);
    if (!sent) return done != 0 ? Result<usize>(done) : sent;
    done += *sent;
    if (*sent < piece) break;
  } while (!message.data.empty());
  return done;
}

Result<usize> TcpSocket::receive_some(Incoming& message) {
  CoreLock lock;
  Connection& connection = *connection_;
  if (connection.received.size() != 0) {
    const bool keeps = (message.flags & kPeek) != 0;
    const usize wanted = message.data.remaining();
    const usize done = connection.received.take(message.data, keeps);
    if (done == 0 && wanted != 0) return Err(Errno::EFAULT);
    if (keeps || connection.pcb == nullptr) return done;
    for (usize left = done; left != 0;) {
      const u16 piece = static_cast<u16>(std::min<usize>(left, 0xffff));
      tcp_recved(connection.pcb, piece);
      left -= piece;
    }
    return done;
  }
  if (connection.error != 0) return Err(static_cast<Errno>(connection.take_error()));
  if (connection.is_ended || connection.receive_shut) return usize{0};
  if (connection.phase != Phase::Connected && connection.phase != Phase::Connecting) {
    return connection.phase == Phase::Closed ? Result<usize>(0) : Err(Errno::ENOTCONN);
  }
  connection.flush_acknowledgement();
  return Err(Errno::EAGAIN);
}

Result<usize> TcpSocket::receive(Incoming& message) {
  if ((message.flags & kOutOfBand) != 0) return Err(Errno::EINVAL);
  const bool waits_for_all = (message.flags & (kWaitAll | kPeek)) == kWaitAll;
  usize total = 0;
  for (;;) {
    if (message.data.empty()) return total;
    const auto got = receive_some(message);
    if (!got && got.error() != Errno::EAGAIN) return total != 0 ? Result<usize>(total) : got;
    total += got.value_or(0);
    const bool is_over = got && (*got == 0 || !waits_for_all || message.data.empty());
    if (is_over) return total;
    if (must_not_wait(message.flags)) return total != 0 ? Result<usize>(total) : Err(Errno::EAGAIN);
    const Status waited = wait_on(connection_->changed, options().receive_timeout_ns, [&] {
      return with_core([&] {
        const Connection& connection = *connection_;
        const bool is_open = connection.phase == Phase::Connected || connection.phase == Phase::Connecting;
        return connection.received.size() != 0 || connection.is_ended || connection.receive_shut ||
               connection.error != 0 || !is_open;
      });
    });
    if (!waited) return total != 0 ? Result<usize>(total) : Err(waited.error());
  }
}

u32 TcpSocket::poll(vfs::PollTable* table) {
  if (table != nullptr) table->add(connection_->changed);
  CoreLock lock;
  Connection& connection = *connection_;
  u32 events = connection.error != 0 ? kError : 0;
  switch (connection.phase) {
    case Phase::Listening: return events | (connection.pending.empty() ? 0 : kIn | kReadNormal);
    case Phase::Connecting: return events;
    case Phase::Fresh: return events | kOut | kWriteNormal | kHangup;
    default: break;
  }
  const bool reads_end = connection.is_ended || connection.receive_shut;
  if (connection.received.size() != 0 || reads_end) events |= kIn | kReadNormal;
  if (reads_end) events |= kReadHangup;
  if ((reads_end && connection.send_shut) || connection.phase == Phase::Closed) events |= kHangup;
  if (!connection.can_send() || connection.send_room() >= kWritable) events |= kOut | kWriteNormal;
  if (table != nullptr && (events & kIn) == 0) connection.flush_acknowledgement();
  return events;
}

Result<usize> TcpSocket::readable_bytes() {
  return with_core([&]() -> Result<usize> {
    if (connection_->phase == Phase::Listening) return Err(Errno::EINVAL);
    return connection_->received.size();
  });
}

Result<usize> TcpSocket::unsent_bytes() {
  return with_core([&]() -> Result<usize> {
    if (connection_->phase == Phase::Listening) return Err(Errno::EINVAL);
    return static_cast<usize>(connection_->written - connection_->acknowledged);
  });
}

i32 TcpSocket::take_error() {
  return with_core([&] { return connection_->take_error(); });
}

bool TcpSocket::accepts_connections() {
  return with_core([&] { return connection_->phase == Phase::Listening; });
}

}  // namespace net::inet
