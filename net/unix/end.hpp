// One end of Unix-domain communication: what a UnixSocket holds and what its partners refer to.
//
// An end outlives its socket file as long as a partner refers to it. Each end has the queue of what was sent to it,
// under its own lock; a sender locks the receiver's end only. Two ends are locked together (lock_pair) only to connect.
// References: a connected end refers to its partner; whoever closes drops his own, so that no circle stays. `changed`
// wakes whoever waits for or watches this end, also when its partner has room again.
#pragma once

#include "kernel/lib/ref.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "net/socket/options.hpp"
#include "net/unix/packet.hpp"

namespace net::unix_domain {

struct PendingTag;
struct SenderTag;

class End : public lib::RefCounted<End>, public lib::TaggedListNode<PendingTag>, public lib::TaggedListNode<SenderTag> {
 public:
  enum class Phase : u8 { Unconnected, Listening, Connected, Closed };
  explicit End(u32 type) : type(type) {}

  struct State {
    Phase phase = Phase::Unconnected;
    bool receive_shut = false;  // no more will come, or is wanted
    bool send_shut = false;
    i32 error = 0;
    lib::Ref<End> peer;  // of a datagram socket: where it sends by default
    PacketList queue;
    usize queued = 0;       // bytes that the queue counts for
    usize queue_count = 0;  // packets
    usize limit = kDefaultBuffer;
    lib::List<End, PendingTag> pending;  // connected ends that nobody has accepted; each is counted
    usize pending_count = 0;
    usize backlog = 0;
    lib::List<End, SenderTag> senders;  // datagram ends whose peer this is
    SocketAddress name;
    Identity own, other;

    bool has_room() const { return queued < limit && queue_count < kMostPackets; }
    void push(Packet& packet);
    // Takes the first packet out of the queue.
    Packet* pop();
  };
  // As Linux's net.unix.max_dgram_qlen where somebody has raised it; bytes are the limit that matters.
  static constexpr usize kMostPackets = 512;

  const u32 type;
  sync::Locked<State, sync::LockClass::Socket> state;
  sync::WaitQueue changed;
  sync::WaitQueue room;  // senders that are not connected, and those who wait for a place in the backlog

  bool is_datagram() const { return type == socket_type::kDatagram; }
  // The file has gone: partners hear of it, what waits here is dropped. May sleep.
  void close();
  // The queue got shorter: wakes those who wait to send here. With the lock held, whose state it is.
  void tell_room(State& state);
};

// Puts `packet` into `target`'s queue, or says why not: EAGAIN (full), EPIPE, ECONNREFUSED. `sender` is for the rule
// that a connected datagram socket takes only what its partner sends (EPERM). Wakes the receiver.
Status deliver(End& target, Packet& packet, const End* sender);

Identity current_identity();

}  // namespace net::unix_domain
