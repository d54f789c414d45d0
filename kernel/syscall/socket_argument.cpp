#include "kernel/syscall/socket_argument.hpp"

#include "kernel/syscall/descriptor.hpp"
#include "kernel/syscall/path_argument.hpp"

namespace syscall {

Result<SocketHold> socket_at(int fd) {
  SocketHold hold;
  hold.file = TRY(file_of(fd));
  if (hold.file->is_path_only()) return Err(Errno::EBADF);
  hold.socket = TRY(net::socket_of(*hold.file));
  return hold;
}

Result<net::SocketAddress> copy_address(VirtAddr address, i64 size) {
  net::SocketAddress result;
  if (size < 0 || static_cast<usize>(size) > sizeof(result.bytes)) return Err(Errno::EINVAL);
  TRY(mm::copy_from_user(result.bytes, address, static_cast<usize>(size)));
  result.length = static_cast<usize>(size);
  return result;
}

Status store_address(const net::SocketAddress& from, VirtAddr address, mm::UserInOut<i32> size) {
  if (address == 0) return {};
  const i32 room = TRY(size.get());
  if (room < 0) return Err(Errno::EINVAL);
  TRY(mm::copy_to_user(address, from.bytes, std::min<usize>(from.length, static_cast<usize>(room))));
  return size.put(static_cast<i32>(from.length));
}

Result<i64> finish_send(const net::Socket& socket, u32 flags, Result<usize> sent) {
  if (sent) return static_cast<i64>(*sent);
  const bool signals = socket.type() == net::socket_type::kStream && (flags & net::message_flag::kNoSignal) == 0;
  if (sent.error() == Errno::EPIPE && signals) signal_broken_pipe();
  return Err(sent.error());
}

}  // namespace syscall
