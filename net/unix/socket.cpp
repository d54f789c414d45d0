#include "net/unix/socket.hpp"

#include "kernel/lib/subsystem.hpp"
#include "net/unix/names.hpp"

namespace net::unix_domain {
namespace {

using namespace vfs::poll_event;

Result<lib::Ref<Socket>> wrap(lib::Ref<End> end, u32 flags) {
  const vfs::Path path = TRY(socket_path());
  lib::Ref<Socket> socket;
  if (end->is_datagram()) {
    socket = TRY(lib::make_ref<DatagramSocket>(path, flags | vfs::open_flag::kReadWrite, std::move(end)));
  } else {
    socket = TRY(lib::make_ref<ConnectedSocket>(path, flags | vfs::open_flag::kReadWrite, std::move(end)));
  }
  return socket;
}

Status check_kind(u32& type, u32 protocol) {
  if (protocol != 0 && protocol != family::kUnix) return Err(Errno::EPROTONOSUPPORT);
  if (type == socket_type::kRaw) type = socket_type::kDatagram;  // as Linux, for what once asked so
  const bool known = type == socket_type::kStream || type == socket_type::kDatagram || type == socket_type::kSequential;
  return known ? Status() : Err(Errno::ESOCKTNOSUPPORT);
}

Result<lib::Ref<Socket>> make(u32 type, u32 protocol, u32 flags) {
  TRY(check_kind(type, protocol));
  return wrap(TRY(lib::make_ref<End>(type)), flags);
}

void join(End& end, End& other, const Identity& who) {
  End::State& state = end.state.unshared();
  state.phase = End::Phase::Connected;
  state.peer = lib::Ref<End>(other);
  state.own = state.other = who;
  if (end.is_datagram()) other.state.unshared().senders.push_back(end);
}

Status make_pair(u32 type, u32 protocol, u32 flags, lib::Ref<Socket> (&pair)[2]) {
  TRY(check_kind(type, protocol));
  auto one = TRY(lib::make_ref<End>(type));
  auto two = TRY(lib::make_ref<End>(type));
  auto first = TRY(wrap(one, flags));
  auto second = TRY(wrap(two, flags));
  const Identity who = current_identity();
  join(*one, *two, who);
  join(*two, *one, who);
  pair[0] = std::move(first);
  pair[1] = std::move(second);
  return {};
}

class UnixSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "unix-sockets"; }
  void on_early_init(kernel::Kernel&) override { register_family({family::kUnix, make, make_pair}); }
};
REGISTER_SUBSYSTEM(UnixSubsystem);

SocketAddress unnamed() {
  SocketAddress address;
  const u16 number = family::kUnix;
  std::memcpy(address.bytes, &number, sizeof(number));
  address.length = sizeof(number);
  return address;
}

}  // namespace

Status UnixSocket::bind(const SocketAddress& address) { return bind_name(*end_, address); }

Result<SocketAddress> UnixSocket::local_address() {
  const SocketAddress name = end_->state.with([](End::State& state) { return state.name; });
  return name.length == 0 ? unnamed() : name;
}

Result<SocketAddress> UnixSocket::peer_address() {
  const lib::Ref<End> peer = end_->state.with([](End::State& state) { return state.peer; });
  if (!peer) return Err(Errno::ENOTCONN);
  const SocketAddress name = peer->state.with([](End::State& state) { return state.name; });
  return name.length == 0 ? unnamed() : name;
}

Status UnixSocket::shutdown(Shutdown how) {
  const bool reads = how != Shutdown::Write, writes = how != Shutdown::Read;
  lib::Ref<End> peer;
  end_->state.with([&](End::State& state) {
    if (reads) state.receive_shut = true;
    if (writes) state.send_shut = true;
    if (!end_->is_datagram()) peer = state.peer;
  });
  end_->changed.wake_all();
  end_->room.wake_all();
  if (!peer) return {};
  peer->state.with([&](End::State& state) {
    if (reads) state.send_shut = true;
    if (writes) state.receive_shut = true;
  });
  peer->changed.wake_all();
  return {};
}

u32 UnixSocket::poll(vfs::PollTable* table) {
  if (table != nullptr) table->add(end_->changed);
  lib::Ref<End> peer;
  u32 events = end_->state.with([&](End::State& state) {
    peer = state.peer;
    u32 events = more_events(state);
    if (state.error != 0) events |= kError;
    if (!state.queue.empty() || !state.pending.empty()) events |= kIn | kReadNormal;
    if (state.receive_shut) events |= kIn | kReadNormal | kReadHangup;
    if (state.receive_shut && state.send_shut) events |= kHangup;
    return events;
  });
  // Writable when a good part of the receiver's queue is free, so that a writer is not woken for a few bytes each time.
  const bool has_room = !peer || peer->state.with([](End::State& state) {
    return state.phase == End::Phase::Closed || (state.queued * 4 <= state.limit && state.has_room());
  });
  if ((events & kNeverWritable) == 0 && has_room) events |= kOut | kWriteNormal | kWriteBand;
  return events & ~kNeverWritable;
}

i32 UnixSocket::take_error() {
  return end_->state.with([](End::State& state) { return std::exchange(state.error, 0); });
}

Identity UnixSocket::peer_identity() {
  return end_->state.with([](End::State& state) { return state.other; });
}

Result<usize> UnixSocket::readable_bytes() {
  return end_->state.with([&](End::State& state) -> Result<usize> {
    if (state.phase == End::Phase::Listening) return Err(Errno::EINVAL);
    usize total = 0;
    for (Packet& packet : state.queue) {
      total += packet.left();
      if (type() != socket_type::kStream) break;
    }
    return total;
  });
}

Result<usize> UnixSocket::unsent_bytes() {
  const lib::Ref<End> peer = end_->state.with([](End::State& state) { return state.peer; });
  if (!peer || end_->is_datagram()) return usize{0};
  return peer->state.with([](End::State& state) { return state.queued; });
}

void UnixSocket::options_changed(int name) {
  if (name != socket_option::kSendBuffer && name != socket_option::kSendBufferForce) return;
  // What we may send is counted where it lies: in the partner's queue.
  const lib::Ref<End> peer = end_->state.with([](End::State& state) { return state.peer; });
  const usize limit = options().send_buffer;
  if (peer && !end_->is_datagram()) peer->state.with([&](End::State& state) { state.limit = limit; });
}

Result<Packet*> UnixSocket::make_packet(Outgoing& message, usize size) {
  if (!message.files.empty()) TRY(charge_passed_files(message.files.size()));
  const auto made = Packet::create(message.data, size);
  if (!made) {
    // Uncharged again: the files stay with the message.
    if (!message.files.empty()) uncharge_passed_files(message.files.size());
    return Err(made.error());
  }
  (*made)->files = std::move(message.files);
  (*made)->sender = message.has_identity ? message.identity : current_identity();
  return *made;
}

Status UnixSocket::hand_over(Packet& packet, Incoming& message) {
  if (options().pass_credentials) {
    message.has_identity = true;
    message.identity = packet.sender;
  }
  if (packet.files.empty()) return {};
  TRY(message.files.reserve(packet.files.size()));
  for (const auto& file : packet.files) TRY(message.files.push(file));
  return {};
}

usize copy_packet(Packet& packet, Incoming& message) {
  const usize room = message.data.remaining();
  const usize copied = message.data.put(packet.bytes(), std::min(room, packet.size));
  if (packet.size > room) message.out_flags |= message_flag::kTruncated;
  return (message.flags & message_flag::kTruncated) != 0 ? packet.size : copied;
}

Result<lib::Ref<Socket>> wrap_end(lib::Ref<End> end, u32 flags) { return wrap(std::move(end), flags); }

}  // namespace net::unix_domain
