// Sockets: making, connecting, options. What carries data is in messages.cpp.

#include "gen/syscall_decl.hpp"
#include "kernel/syscall/descriptor.hpp"
#include "kernel/syscall/socket_argument.hpp"

namespace syscall {
namespace {

constexpr u32 kTypeBits = 0xf;
constexpr i32 kMostOptionBytes = 4096;

struct Kind {
  u32 type, flags;
  bool close_on_exec;
};
Result<Kind> kind_of(u32 type) {
  if ((type & ~(kTypeBits | kONonblock | kOCloexec)) != 0) return Err(Errno::EINVAL);
  return Kind{type & kTypeBits, type & kONonblock, (type & kOCloexec) != 0};
}

}  // namespace

Result<i64> sys_socket(int family, u32 type, u32 protocol) {
  const Kind kind = TRY(kind_of(type));
  auto socket = TRY(net::make_socket(family, kind.type, protocol, kind.flags));
  return TRY(install_file(std::move(socket), kind.close_on_exec));
}

Result<i64> sys_socketpair(int family, u32 type, u32 protocol, mm::UserOut<i32> ends) {
  const Kind kind = TRY(kind_of(type));
  lib::Ref<net::Socket> pair[2];
  TRY(net::make_socket_pair(family, kind.type, protocol, kind.flags, pair));
  TRY(install_pair(std::move(pair[0]), std::move(pair[1]), kind.close_on_exec, ends.address()));
  return 0;
}

Result<i64> sys_bind(int fd, VirtAddr address, int size) {
  auto socket = TRY(socket_at(fd));
  TRY(socket->bind(TRY(copy_address(address, size))));
  return 0;
}

Result<i64> sys_listen(int fd, int backlog) {
  TRY(TRY(socket_at(fd))->listen(backlog));
  return 0;
}

Result<i64> sys_accept4(int fd, VirtAddr address, mm::UserInOut<i32> size, u32 flags) {
  auto socket = TRY(socket_at(fd));
  net::SocketAddress peer;
  auto accepted = TRY(socket->accept(flags & kONonblock, peer));
  TRY(store_address(peer, address, size));
  return TRY(install_file(std::move(accepted), (flags & kOCloexec) != 0));
}
Result<i64> sys_accept(int fd, VirtAddr address, mm::UserInOut<i32> size) { return sys_accept4(fd, address, size, 0); }

Result<i64> sys_connect(int fd, VirtAddr address, int size) {
  auto socket = TRY(socket_at(fd));
  TRY(socket->connect(TRY(copy_address(address, size))));
  return 0;
}

Result<i64> sys_getsockname(int fd, VirtAddr address, mm::UserInOut<i32> size) {
  auto socket = TRY(socket_at(fd));
  TRY(store_address(TRY(socket->local_address()), address, size));
  return 0;
}

Result<i64> sys_getpeername(int fd, VirtAddr address, mm::UserInOut<i32> size) {
  auto socket = TRY(socket_at(fd));
  TRY(store_address(TRY(socket->peer_address()), address, size));
  return 0;
}

Result<i64> sys_shutdown(int fd, u32 how) {
  auto socket = TRY(socket_at(fd));
  if (how > static_cast<u32>(net::Shutdown::Both)) return Err(Errno::EINVAL);
  TRY(socket->shutdown(static_cast<net::Shutdown>(how)));
  return 0;
}

Result<i64> sys_setsockopt(int fd, int level, int name, VirtAddr value, int size) {
  auto socket = TRY(socket_at(fd));
  if (size < 0) return Err(Errno::EINVAL);
  // What is longer than any option means the option that is its beginning.
  lib::Vector<u8> bytes;
  TRY(bytes.resize(static_cast<usize>(std::min(size, kMostOptionBytes))));
  TRY(mm::copy_from_user(bytes.data(), value, bytes.size()));
  TRY(socket->set_option(level, name, bytes));
  return 0;
}

Result<i64> sys_getsockopt(int fd, int level, int name, VirtAddr value, mm::UserInOut<i32> size) {
  auto socket = TRY(socket_at(fd));
  const i32 room = TRY(size.get());
  if (room < 0) return Err(Errno::EINVAL);
  const net::OptionValue result = TRY(socket->get_option(level, name));
  const usize length = std::min<usize>(static_cast<usize>(room), result.length);
  TRY(mm::copy_to_user(value, result.bytes, length));
  TRY(size.put(static_cast<i32>(length)));
  return 0;
}

}  // namespace syscall
