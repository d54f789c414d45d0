// Sockets: files that the socket calls work on. Each family derives its kinds.
//
// A Socket is the open file itself: it goes with the last descriptor. What outlives it (a connection that still sends,
// an end that a partner refers to) belongs to the family. Options of SOL_SOCKET are here, under a spinning lock of
// their own; everything else is locked by the family. All calls may sleep.
#pragma once

#include "net/socket/message.hpp"
#include "net/socket/options.hpp"

namespace net {

enum class Shutdown : u8 { Read = 0, Write = 1, Both = 2 };

class Socket : public vfs::File {
 public:
  Socket(vfs::Path path, u32 flags, u16 family, u32 type, u32 protocol)
      : File(std::move(path), flags), family_(family), type_(type), protocol_(protocol) {}

  static const vfs::FileKind kKind;
  const vfs::FileKind* kind() const override { return &kKind; }
  bool can_wait() const override { return true; }

  u16 family() const { return family_; }
  u32 type() const { return type_; }
  u32 protocol() const { return protocol_; }

  // The defaults answer EOPNOTSUPP.
  virtual Status bind(const SocketAddress& address);
  virtual Status listen(int backlog);
  // A connected socket with the status flags `flags`; waits unless O_NONBLOCK is set here.
  virtual Result<lib::Ref<Socket>> accept(u32 flags, SocketAddress& peer);
  virtual Status connect(const SocketAddress& address);
  virtual Status shutdown(Shutdown how);
  virtual Result<SocketAddress> local_address();
  virtual Result<SocketAddress> peer_address();

  // The bytes sent or received; for a datagram that did not fit, what was copied, or with MSG_TRUNC in the flags its
  // whole length. EAGAIN, EPIPE (the caller sends the signal), ...
  virtual Result<usize> send(Outgoing& message) = 0;
  virtual Result<usize> receive(Incoming& message) = 0;

  // ENOPROTOOPT for what nobody knows. `level` is kSolSocket or the protocol's.
  virtual Status set_option(int level, int name, std::span<const u8> value);
  virtual Result<OptionValue> get_option(int level, int name);

  Result<usize> read(vfs::ReadBuffer& buffer, u64& position) override;
  Result<usize> write(vfs::WriteBuffer& buffer, u64& position) override;
  Result<i64> control(u32 request, VirtAddr argument) override;

 protected:
  SocketOptions options() {
    return options_.with([](SocketOptions& options) { return options; });
  }
  // What FIONREAD and SIOCOUTQ answer.
  virtual Result<usize> readable_bytes() { return Err(Errno::EOPNOTSUPP); }
  virtual Result<usize> unsent_bytes() { return Err(Errno::EOPNOTSUPP); }
  // SO_ERROR: the error that waits, or 0; it is taken.
  virtual i32 take_error() { return 0; }
  virtual bool accepts_connections() { return false; }
  virtual Identity peer_identity() { return {}; }
  // SOL_SOCKET options that changed and that the family keeps elsewhere too.
  virtual void options_changed(int) {}

  bool must_not_wait(u32 flags) const { return is_nonblocking() || (flags & message_flag::kDontWait) != 0; }

  // Sleeps on `queue` until `condition`, as SO_RCVTIMEO or SO_SNDTIMEO (`timeout_ns`, 0: for ever) says: EAGAIN when
  // the time is over; ERESTARTSYS after a signal, or EINTR where a timeout is set, for it cannot be restarted.
  template <class Condition>
  Status wait_on(sync::WaitQueue& queue, u64 timeout_ns, Condition condition) {
    return finish_wait(queue.wait(condition, sync::WaitMode::Interruptible, wait_deadline(timeout_ns)), timeout_ns);
  }

 private:
  static u64 wait_deadline(u64 timeout_ns);
  static Status finish_wait(Status waited, u64 timeout_ns);

  const u16 family_;
  const u32 type_;
  const u32 protocol_;
  sync::Locked<SocketOptions, sync::LockClass::SocketOptions> options_;
};

// The file as a socket. ENOTSOCK.
Result<Socket*> socket_of(vfs::File& file);

// A family's way of making sockets; registered during initialization.
struct Family {
  u16 number;
  // EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPERM, ENOMEM, ...
  Result<lib::Ref<Socket>> (*make)(u32 type, u32 protocol, u32 flags);
  // Two connected sockets; null: the family has no such thing.
  Status (*make_pair)(u32 type, u32 protocol, u32 flags, lib::Ref<Socket> (&pair)[2]);
};
void register_family(const Family& family);
// EAFNOSUPPORT and what the family answers.
Result<lib::Ref<Socket>> make_socket(int family, u32 type, u32 protocol, u32 flags);
Status make_socket_pair(int family, u32 type, u32 protocol, u32 flags, lib::Ref<Socket> (&pair)[2]);
// The nameless place of a new socket.
Result<vfs::Path> socket_path();

// Requests that are about interfaces and routes, not about one socket (SIOCGIFADDR and its kin). ENOTTY for others.
using InterfaceControl = Result<i64> (*)(u32 request, VirtAddr argument);
void set_interface_control(InterfaceControl control);

// The index of an interface by its name, 0: none; the name of one (up to 15 characters), empty: none. For options.
struct InterfaceNames {
  u32 (*index_of)(std::string_view name);
  usize (*name_of)(u32 index, std::span<char> name);
};
void set_interface_names(const InterfaceNames& names);

}  // namespace net
