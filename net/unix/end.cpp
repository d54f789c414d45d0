#include "net/unix/end.hpp"

#include "net/unix/names.hpp"

namespace net::unix_domain {

using namespace vfs::poll_event;

void End::State::push(Packet& packet) {
  queued += packet.charge();
  ++queue_count;
  queue.push_back(packet);
}

Packet* End::State::pop() {
  Packet* packet = &queue.front();
  queue.pop_front();
  queued -= packet->charge();
  --queue_count;
  return packet;
}

void End::tell_room(State& state) {
  room.wake_all(kOut | kWriteNormal);
  if (!is_datagram()) {
    if (state.peer) state.peer->changed.wake_all(kOut | kWriteNormal);
    return;
  }
  for (End& sender : state.senders) sender.changed.wake_all(kOut | kWriteNormal);
}

namespace {

// The partner of a connection that ends: what it did not read is lost, and it may no longer send.
void hang_up(End& partner, bool lost_data) {
  partner.state.with([&](End::State& state) {
    state.receive_shut = true;
    state.send_shut = true;
    if (lost_data) state.error = static_cast<i32>(Errno::ECONNRESET);
  });
  partner.changed.wake_all();
}

void leave_target(End& sender, End& target) {
  target.state.with([&](End::State& state) {
    auto& node = static_cast<lib::TaggedListNode<SenderTag>&>(sender);
    if (node.is_linked()) state.senders.erase(state.senders.iterator_to(sender));
  });
}

}  // namespace

void End::close() {
  forget_name(*this);
  PacketList dropped;
  lib::List<End, PendingTag> refused;
  lib::Ref<End> partner;
  bool lost_data = false;
  state.with([&](State& state) {
    lost_data = !state.queue.empty();
    state.phase = Phase::Closed;
    state.receive_shut = state.send_shut = true;
    dropped.splice(dropped.end(), state.queue);
    state.queued = state.queue_count = 0;
    refused.splice(refused.end(), state.pending);
    state.pending_count = 0;
    std::swap(partner, state.peer);
    for (End& sender : state.senders) sender.changed.wake_all();
  });
  room.wake_all();
  changed.wake_all();
  if (partner && is_datagram()) leave_target(*this, *partner);
  if (partner && !is_datagram()) hang_up(*partner, lost_data);
  while (!refused.empty()) {
    const auto end = lib::Ref<End>::adopt(&refused.front());
    refused.pop_front();
    end->close();
  }
  destroy_all(dropped);
}

Status deliver(End& target, Packet& packet, const End* sender) {
  TRY(target.state.with([&](End::State& state) -> Status {
    if (target.is_datagram()) {
      if (state.phase == End::Phase::Closed) return Err(Errno::ECONNREFUSED);
      if (state.peer && state.peer.get() != sender) return Err(Errno::EPERM);
    }
    if (state.receive_shut) return Err(Errno::EPIPE);
    if (!state.has_room()) return Err(Errno::EAGAIN);
    state.push(packet);
    return {};
  }));
  target.changed.wake_all(kIn | kReadNormal);
  return {};
}

Identity current_identity() { return current_caller().identity(); }

}  // namespace net::unix_domain
