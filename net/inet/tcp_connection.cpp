#include "net/inet/tcp_connection.hpp"

#include <algorithm>

#include <lwip/priv/tcp_priv.h>

namespace net::inet {

using namespace vfs::poll_event;

void PbufQueue::push(pbuf* chain) {
  size_ += chain->tot_len;
  if (first_ == nullptr) {
    first_ = chain;
  } else {
    last_->next = chain;
  }
  for (last_ = chain; last_->next != nullptr;) last_ = last_->next;
}

// pbuf_free() would free the whole chain: the first is cut off before.
void PbufQueue::drop_first() {
  pbuf* first = first_;
  first_ = first->next;
  if (first_ == nullptr) last_ = nullptr;
  first->next = nullptr;
  first->tot_len = first->len;
  pbuf_free(first);
  offset_ = 0;
}

usize PbufQueue::take(vfs::ReadBuffer& to, bool keep) {
  usize done = 0, offset = offset_;
  for (pbuf* at = first_; at != nullptr && !to.empty();) {
    const usize wanted = std::min<usize>(at->len - offset, to.remaining());
    const usize moved = to.put(static_cast<const u8*>(at->payload) + offset, wanted);
    done += moved;
    offset += moved;
    if (moved != wanted) break;
    if (offset != at->len) continue;
    offset = 0;
    at = at->next;
    if (!keep) drop_first();
  }
  if (!keep) {
    offset_ = offset;
    size_ -= done;
  }
  return done;
}

void PbufQueue::clear() {
  while (first_ != nullptr) drop_first();
  size_ = 0;
}

Result<SendChunk*> SendChunk::create(vfs::WriteBuffer& from, usize size) {
  void* memory = lib::allocate(sizeof(SendChunk) + size);
  if (memory == nullptr) return Err(Errno::ENOBUFS);
  SendChunk* chunk = ::new (memory) SendChunk;
  chunk->size = from.take(chunk->bytes(), size);
  if (chunk->size != 0) return chunk;
  destroy(chunk);
  return Err(Errno::EFAULT);
}

void SendChunk::destroy(SendChunk* chunk) {
  chunk->~SendChunk();
  lib::deallocate(chunk);
}

// lwIP's callbacks. Their argument is the connection, which the control block keeps alive.
struct TcpCallbacks {
  static err_t on_receive(void* argument, tcp_pcb* pcb, pbuf* data, err_t) {
    auto& connection = *static_cast<Connection*>(argument);
    if (data == nullptr) {
      connection.is_ended = true;
    } else if (connection.receive_shut || !connection.has_file) {
      tcp_recved(pcb, data->tot_len);
      pbuf_free(data);
    } else {
      connection.received.push(data);
    }
    connection.changed.wake_all(data == nullptr ? ~u64{0} : kIn | kReadNormal);
    return ERR_OK;
  }
  static err_t on_sent(void* argument, tcp_pcb*, u16_t length) {
    auto& connection = *static_cast<Connection*>(argument);
    connection.acknowledged += length;
    connection.drop_chunks(connection.acknowledged);
    connection.changed.wake_all(kOut | kWriteNormal);
    return ERR_OK;
  }
  static err_t on_connected(void* argument, tcp_pcb* pcb, err_t) {
    auto& connection = *static_cast<Connection*>(argument);
    connection.phase = Connection::Phase::Connected;
    connection.local = {pcb->local_ip, pcb->local_port};
    connection.changed.wake_all();
    return ERR_OK;
  }
  // The control block is gone already.
  static void on_error(void* argument, err_t error) {
    auto& connection = *static_cast<Connection*>(argument);
    Errno reason = error == ERR_RST ? Errno::ECONNRESET : Errno::ETIMEDOUT;
    if (connection.phase == Connection::Phase::Connecting && error == ERR_RST) reason = Errno::ECONNREFUSED;
    if (error == ERR_CLSD) reason = Errno::ECONNRESET;
    // What ICMP told before says more.
    if (connection.error == 0) connection.error = static_cast<i32>(reason);
    connection.phase = Connection::Phase::Closed;
    connection.is_ended = connection.send_shut = true;
    connection.changed.wake_all();
  }
  static void on_destroyed(u8_t, void* argument) {
    auto& connection = *static_cast<Connection*>(argument);
    connection.pcb = nullptr;
    connection.drop_chunks(~u64{0});
    connection.changed.wake_all();
    // lwIP may yet call on_error() with it.
    dispose_later(connection);
  }
};

namespace {
constexpr tcp_ext_arg_callbacks kDestroyed = {TcpCallbacks::on_destroyed, nullptr};
constexpr tcp_ext_arg_callbacks kNothing = {nullptr, nullptr};
constexpr u8 kExtension = 0;
}  // namespace

Connection::~Connection() { drop_chunks(~u64{0}); }

void Connection::drop_chunks(u64 up_to) {
  while (!chunks.empty() && chunks.front().end <= up_to) {
    SendChunk* chunk = &chunks.front();
    chunks.pop_front();
    SendChunk::destroy(chunk);
  }
}

void Connection::attach(tcp_pcb* fresh) {
  acquire();
  pcb = fresh;
  tcp_ext_arg_set(pcb, kExtension, this);
  tcp_ext_arg_set_callbacks(pcb, kExtension, &kDestroyed);
  tcp_arg(pcb, this);
  set_callbacks();
}

void Connection::let_go() { tcp_ext_arg_set_callbacks(pcb, kExtension, &kNothing); }
void Connection::attach_again() { tcp_ext_arg_set_callbacks(pcb, kExtension, &kDestroyed); }

void Connection::attach_listener(tcp_pcb* listener) {
  pcb = listener;
  tcp_ext_arg_set(pcb, kExtension, this);
  tcp_ext_arg_set_callbacks(pcb, kExtension, &kDestroyed);
  tcp_arg(pcb, this);
  tcp_accept(pcb, on_accept);
}

void Connection::set_callbacks() {
  tcp_recv(pcb, TcpCallbacks::on_receive);
  tcp_sent(pcb, TcpCallbacks::on_sent);
  tcp_err(pcb, TcpCallbacks::on_error);
  pcb->connected = TcpCallbacks::on_connected;
}

usize Connection::send_room() const {
  if (pcb == nullptr || pcb->snd_queuelen + 64 >= TCP_SND_QUEUELEN) return 0;
  return pcb->snd_buf;
}

void Connection::flush_acknowledgement() {
  if (pcb == nullptr || phase != Phase::Connected || (pcb->flags & TF_ACK_DELAY) == 0) return;
  tcp_ack_now(pcb);
  tcp_output(pcb);
}

void Connection::close(bool abort) {
  has_file = false;
  while (!pending.empty()) {
    const auto waiting = lib::Ref<Connection>::adopt(&pending.front());
    pending.pop_front();
    waiting->close(true);
  }
  const bool loses_data = received.size() != 0;
  received.clear();
  if (pcb == nullptr) return;
  if (phase == Phase::Listening) {
    tcp_arg(pcb, nullptr);
    tcp_accept(pcb, nullptr);
    tcp_close(pcb);
  } else if (abort || loses_data) {
    tcp_abort(pcb);
  } else {
    tcp_close(pcb);
  }
  phase = Phase::Closed;
}

}  // namespace net::inet
