// Datagram sockets.

#include "net/unix/names.hpp"
#include "net/unix/socket.hpp"

namespace net::unix_domain {

using namespace vfs::poll_event;
using namespace message_flag;

namespace {

// Takes `end` out of its target's list of senders, if it is in one. The target's end.
void leave(End& end, lib::Ref<End> target) {
  if (!target) return;
  target->state.with([&](End::State& state) {
    auto& node = static_cast<lib::TaggedListNode<SenderTag>&>(end);
    if (node.is_linked()) state.senders.erase(state.senders.iterator_to(end));
  });
}

}  // namespace

Status DatagramSocket::connect(const SocketAddress& address) {
  lib::Ref<End> target;
  if (address.family() != family::kUnspecified) target = TRY(find_end(address, type()));
  lib::Ref<End> before;
  if (target && target != end_) {
    const bool refuses = target->state.with([&](End::State& state) { return state.peer && state.peer != end_.get(); });
    if (refuses) return Err(Errno::EPERM);
  }
  end_->state.with([&](End::State& state) { std::swap(before, state.peer); });
  leave(*end_, before);
  if (!target) return {};
  target->state.with([&](End::State& state) { state.senders.push_back(*end_); });
  end_->state.with([&](End::State& state) { state.peer = target; });
  return {};
}

Result<usize> DatagramSocket::send(Outgoing& message) {
  if ((message.flags & kOutOfBand) != 0) return Err(Errno::EOPNOTSUPP);
  lib::Ref<End> target;
  SocketAddress own_name;
  TRY(end_->state.with([&](End::State& state) -> Status {
    if (state.send_shut) return Err(Errno::EPIPE);
    target = state.peer;
    own_name = state.name;
    return {};
  }));
  if (message.to != nullptr) target = TRY(find_end(*message.to, type()));
  if (!target) return Err(Errno::ENOTCONN);
  const usize size = message.data.remaining();
  if (size > options().send_buffer - 32) return Err(Errno::EMSGSIZE);
  Packet* packet = TRY(make_packet(message, size));
  packet->from = own_name;
  for (;;) {
    Status sent = deliver(*target, *packet, end_.get());
    if (sent) return size;
    if (sent.error() == Errno::EAGAIN && !must_not_wait(message.flags)) {
      sent = wait_on(target->room, options().send_timeout_ns, [&] {
        return target->state.with([](End::State& state) { return state.receive_shut || state.has_room(); });
      });
      if (sent) continue;
    }
    Packet::destroy(packet);
    return Err(sent.error());
  }
}

Result<usize> DatagramSocket::receive(Incoming& message) {
  if ((message.flags & kOutOfBand) != 0) return Err(Errno::EOPNOTSUPP);
  for (;;) {
    PacketList consumed;
    const auto got = end_->state.with([&](End::State& state) -> Result<usize> {
      if (state.queue.empty()) {
        if (state.error != 0) return Err(static_cast<Errno>(std::exchange(state.error, 0)));
        return state.receive_shut ? Result<usize>(0) : Err(Errno::EAGAIN);
      }
      Packet& packet = state.queue.front();
      const usize result = copy_packet(packet, message);
      message.from = packet.from;
      static_cast<void>(hand_over(packet, message));
      if ((message.flags & kPeek) != 0) return result;
      consumed.push_back(*state.pop());
      end_->tell_room(state);
      return result;
    });
    destroy_all(consumed);
    if (got || got.error() != Errno::EAGAIN || must_not_wait(message.flags)) return got;
    TRY(wait_on(end_->changed, options().receive_timeout_ns, [&] {
      return end_->state.with(
          [](End::State& state) { return !state.queue.empty() || state.receive_shut || state.error != 0; });
    }));
  }
}

u32 DatagramSocket::more_events(End::State&) { return 0; }

}  // namespace net::unix_domain
