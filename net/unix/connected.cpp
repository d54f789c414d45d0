// Stream and sequential-packet sockets.

#include <algorithm>

#include "net/unix/names.hpp"
#include "net/unix/socket.hpp"

namespace net::unix_domain {
namespace {

using namespace vfs::poll_event;
using namespace message_flag;

// A stream's bytes travel in pieces of at most this size: large enough that copying dominates, small enough for memory
// that is in pieces itself.
constexpr usize kLargestPiece = 16 * KiB - sizeof(Packet);
constexpr usize kMostBacklog = 4096;  // as Linux: net.core.somaxconn

// Connects `end` and a fresh `server` end through the listener, whose states are locked. EISCONN, ECONNREFUSED, EAGAIN.
Status join_through(End& end, End::State& mine, End::State& theirs, lib::Ref<End>& server, const Identity& who) {
  if (mine.phase != End::Phase::Unconnected) return Err(Errno::EISCONN);
  if (theirs.phase != End::Phase::Listening || theirs.receive_shut) return Err(Errno::ECONNREFUSED);
  if (theirs.pending_count > theirs.backlog) return Err(Errno::EAGAIN);
  End::State& fresh = server->state.unshared();
  fresh.phase = End::Phase::Connected;
  fresh.peer = lib::Ref<End>(end);
  fresh.name = theirs.name;
  fresh.own = theirs.own;
  fresh.other = who;
  mine.phase = End::Phase::Connected;
  mine.peer = server;
  mine.own = who;
  mine.other = theirs.own;
  theirs.pending.push_back(*server.leak());
  ++theirs.pending_count;
  return {};
}

}  // namespace

Status ConnectedSocket::listen(int backlog) {
  const Identity who = current_identity();
  TRY(end_->state.with([&](End::State& state) -> Status {
    if (state.name.length == 0) return Err(Errno::EINVAL);
    if (state.phase != End::Phase::Unconnected && state.phase != End::Phase::Listening) return Err(Errno::EINVAL);
    state.phase = End::Phase::Listening;
    state.backlog = std::min<usize>(static_cast<u32>(backlog), kMostBacklog);
    state.own = who;
    return {};
  }));
  end_->room.wake_all();
  return {};
}

Status ConnectedSocket::connect(const SocketAddress& address) {
  const Identity who = current_identity();
  auto server = TRY(lib::make_ref<End>(type()));
  for (;;) {
    const lib::Ref<End> listener = TRY(find_end(address, type()));
    if (listener == end_) {
      const bool listens = end_->state.with([](End::State& s) { return s.phase == End::Phase::Listening; });
      return Err(listens ? Errno::EINVAL : Errno::ECONNREFUSED);
    }
    const Status joined = [&]() -> Status {
      auto [mine, theirs] = sync::lock_pair(end_->state, listener->state);
      if (mine->phase == End::Phase::Listening) return Err(Errno::EINVAL);
      return join_through(*end_, *mine, *theirs, server, who);
    }();
    if (joined) {
      listener->changed.wake_all(kIn | kReadNormal);
      end_->changed.wake_all();
      return {};
    }
    if (joined.error() != Errno::EAGAIN || is_nonblocking()) return joined;
    TRY(wait_on(listener->room, options().send_timeout_ns, [&] {
      return listener->state.with([](End::State& state) {
        return state.phase != End::Phase::Listening || state.pending_count <= state.backlog;
      });
    }));
  }
}

Result<lib::Ref<Socket>> ConnectedSocket::accept(u32 flags, SocketAddress& peer) {
  lib::Ref<End> server;
  for (;;) {
    TRY(end_->state.with([&](End::State& state) -> Status {
      if (state.phase != End::Phase::Listening) return Err(Errno::EINVAL);
      if (state.pending.empty()) return state.receive_shut ? Status(Err(Errno::EINVAL)) : Status();
      server = lib::Ref<End>::adopt(&state.pending.front());
      state.pending.pop_front();
      --state.pending_count;
      return {};
    }));
    if (server) break;
    if (is_nonblocking()) return Err(Errno::EAGAIN);
    TRY(wait_on(end_->changed, options().receive_timeout_ns, [&] {
      return end_->state.with([](End::State& state) {
        return !state.pending.empty() || state.phase != End::Phase::Listening || state.receive_shut;
      });
    }));
  }
  end_->room.wake_all();
  auto socket = wrap_end(server, flags);
  if (!socket) {
    server->close();
    return Err(socket.error());
  }
  if (auto address = (*socket)->peer_address()) peer = *address;
  return std::move(*socket);
}

Status ConnectedSocket::send_packet(End& peer, Packet* packet, u32 flags) {
  for (;;) {
    const Status done = deliver(peer, *packet, end_.get());
    if (done || done.error() != Errno::EAGAIN || must_not_wait(flags)) return done;
    TRY(wait_on(end_->changed, options().send_timeout_ns, [&] {
      const bool shut = end_->state.with([](End::State& state) { return state.send_shut; });
      return shut || peer.state.with([](End::State& state) { return state.receive_shut || state.has_room(); });
    }));
  }
}

Result<usize> ConnectedSocket::send(Outgoing& message) {
  if ((message.flags & kOutOfBand) != 0) return Err(Errno::EOPNOTSUPP);
  lib::Ref<End> peer;
  TRY(end_->state.with([&](End::State& state) -> Status {
    if (state.phase != End::Phase::Connected) return Err(message.to == nullptr ? Errno::ENOTCONN : Errno::EOPNOTSUPP);
    if (message.to != nullptr && is_stream()) return Err(Errno::EISCONN);
    if (state.send_shut) return Err(Errno::EPIPE);
    peer = state.peer;
    return {};
  }));
  const usize total = message.data.remaining();
  if (!is_stream() && total > options().send_buffer) return Err(Errno::EMSGSIZE);
  usize done = 0;
  while (done < total || (done == 0 && !is_stream())) {
    const usize piece = is_stream() ? std::min(total - done, kLargestPiece) : total;
    auto packet = make_packet(message, piece);
    if (!packet && done == 0) return Err(packet.error());
    if (!packet) break;
    const Status sent = send_packet(*peer, *packet, message.flags);
    if (!sent) {
      Packet::destroy(*packet);
      if (done == 0) return Err(sent.error());
      break;
    }
    done += piece;
    if (!is_stream()) break;
  }
  return done;
}

// Reads on over packets of the same sender, up to one with files.
usize ConnectedSocket::take_stream(End::State& state, Incoming& message, PacketList& consumed, bool& stop) {
  const bool peeks = (message.flags & kPeek) != 0;
  const bool wants_identity = options().pass_credentials;
  usize done = 0;
  for (auto at = state.queue.begin(); at != state.queue.end() && !message.data.empty() && !stop;) {
    Packet& packet = *at++;
    const bool other_sender = wants_identity && message.has_identity && packet.sender != message.identity;
    if (other_sender || (!message.files.empty() && !packet.files.empty())) {
      stop = true;
      break;
    }
    const usize wanted = std::min(message.data.remaining(), packet.left());
    const usize moved = message.data.put(packet.bytes() + packet.taken, wanted);
    if (moved == 0 && wanted != 0) {
      stop = true;
      break;
    }
    if (!hand_over(packet, message)) stop = true;
    if (!packet.files.empty()) stop = true;
    done += moved;
    if (peeks) continue;
    packet.taken += moved;
    state.queued -= moved;
    if (packet.left() == 0) {
      state.queued += packet.size;
      consumed.push_back(*state.pop());
    } else if (!packet.files.empty()) {
      // The reader's message holds the files now, so this closes none.
      uncharge_passed_files(packet.files.size());
      packet.files.clear();
    }
  }
  return done;
}

usize ConnectedSocket::take_one(End::State& state, Incoming& message, PacketList& consumed) {
  Packet& packet = state.queue.front();
  const usize result = copy_packet(packet, message);
  static_cast<void>(hand_over(packet, message));
  if ((message.flags & kPeek) == 0) consumed.push_back(*state.pop());
  return result;
}

Result<usize> ConnectedSocket::receive_some(Incoming& message, bool& stop) {
  PacketList consumed;
  const usize wanted = message.data.remaining();
  const auto result = end_->state.with([&](End::State& state) -> Result<usize> {
    if (state.phase != End::Phase::Connected) return Err(is_stream() ? Errno::EINVAL : Errno::ENOTCONN);
    if (!state.queue.empty()) {
      const usize done = is_stream() ? take_stream(state, message, consumed, stop) : take_one(state, message, consumed);
      if (!consumed.empty()) end_->tell_room(state);
      if (is_stream() && done == 0 && wanted != 0) return Err(Errno::EFAULT);
      stop = stop || !is_stream();
      return done;
    }
    if (state.error != 0) return Err(static_cast<Errno>(std::exchange(state.error, 0)));
    if (state.receive_shut) {
      stop = true;
      return usize{0};
    }
    return Err(Errno::EAGAIN);
  });
  destroy_all(consumed);
  return result;
}

Result<usize> ConnectedSocket::receive(Incoming& message) {
  if ((message.flags & kOutOfBand) != 0) return Err(Errno::EOPNOTSUPP);
  const bool waits_for_all = is_stream() && (message.flags & (kWaitAll | kPeek)) == kWaitAll;
  usize total = 0;
  for (bool stop = false;;) {
    if (is_stream() && message.data.empty()) return total;
    const auto got = receive_some(message, stop);
    if (!got && got.error() != Errno::EAGAIN) return total != 0 ? Result<usize>(total) : Err(got.error());
    total += got.value_or(0);
    if (stop || (got && (message.data.empty() || !waits_for_all))) return total;
    if (must_not_wait(message.flags)) return total != 0 ? Result<usize>(total) : Err(Errno::EAGAIN);
    const Status waited = wait_on(end_->changed, options().receive_timeout_ns, [&] {
      return end_->state.with(
          [](End::State& state) { return !state.queue.empty() || state.receive_shut || state.error != 0; });
    });
    if (!waited) return total != 0 ? Result<usize>(total) : Err(waited.error());
  }
}

u32 ConnectedSocket::more_events(End::State& state) {
  switch (state.phase) {
    case End::Phase::Unconnected: return kHangup;
    case End::Phase::Listening: return kNeverWritable;
    default: return 0;
  }
}

bool ConnectedSocket::accepts_connections() {
  return end_->state.with([](End::State& state) { return state.phase == End::Phase::Listening; });
}

}  // namespace net::unix_domain
