// A TCP connection, or a place that listens: what lies between a socket file and lwIP's control block.
//
// It belongs to both: the file holds a reference, and the control block holds one until lwIP frees it, which may be
// long after the file is closed (data on its way, TIME_WAIT). All of it is under the core lock. Sending: the program's
// bytes are copied once, into chunks that lwIP refers to until the other side has acknowledged them. Receiving: lwIP's
// buffers are queued as they come and copied to the program. The window that is announced grows as the program reads.
#pragma once

#include <lwip/tcp.h>
#include "kernel/lib/list.hpp"
#include "kernel/lib/ref.hpp"
#include "net/inet/address.hpp"
#include "net/inet/core.hpp"
#include "net/socket/message.hpp"

namespace net::inet {

// Buffers of received bytes, in order. Owns them.
class PbufQueue {
 public:
  ~PbufQueue() { clear(); }
  usize size() const { return size_; }
  void push(pbuf* chain);
  // Copies up to what `to` has room for; with `keep` the bytes stay. The number of bytes.
  usize take(vfs::ReadBuffer& to, bool keep);
  void clear();

 private:
  void drop_first();
  pbuf* first_ = nullptr;
  pbuf* last_ = nullptr;
  usize offset_ = 0;  // bytes of the first one that were taken
  usize size_ = 0;
};

// Bytes on their way out: a header, and `size` bytes behind it.
struct SendChunk : lib::ListNode {
  usize size = 0;
  u64 end = 0;  // how much will have been sent in all when the last byte of it is
  u8* bytes() { return reinterpret_cast<u8*>(this + 1); }
  // ENOBUFS, EFAULT. Needs no lock.
  static Result<SendChunk*> create(vfs::WriteBuffer& from, usize size);
  static void destroy(SendChunk* chunk);
};

class Connection final : public lib::RefCounted<Connection>, public lib::ListNode, public Leftover {
 public:
  enum class Phase : u8 { Fresh, Listening, Connecting, Connected, Closed };

  ~Connection();
  // lwIP's control block comes and goes.
  void attach(tcp_pcb* fresh);
  // The listening block that `pcb` was turned into.
  void attach_listener(tcp_pcb* listener);
  // The end of the block is not the connection's end, for it is about to be replaced; and it is again.
  void let_go();
  void attach_again();
  void dispose() override { release(); }

  // The file is closed: what is unread is dropped, the connection is closed or, with `abort`, reset.
  void close(bool abort);
  // Answers an acknowledgement that lwIP holds back, because the program has nothing to send with it for now.
  void flush_acknowledgement();
  i32 take_error() { return std::exchange(error, 0); }
  bool can_send() const { return (phase == Phase::Connected) && !send_shut && pcb != nullptr; }
  usize send_room() const;

  tcp_pcb* pcb = nullptr;
  Phase phase = Phase::Fresh;
  bool has_file = true;
  bool is_ended = false;      // the other side sends no more
  bool receive_shut = false;  // nor do we want it
  bool send_shut = false;
  bool announced = false;  // connect() has told of its success
  i32 error = 0;
  PbufQueue received;
  lib::List<SendChunk> chunks;
  u64 written = 0, acknowledged = 0;
  lib::List<Connection> pending;  // of a listener: connections nobody has accepted; each is counted
  usize backlog = 0;
  Endpoint local, remote;  // as they were when the connection was made
  sync::WaitQueue changed;

 private:
  friend struct TcpCallbacks;
  void set_callbacks();
  void drop_chunks(u64 up_to);
};

// Connections by the accept() of a listener: lwIP calls it with each new one.
err_t on_accept(void* listener, tcp_pcb* fresh, err_t error);

}  // namespace net::inet
