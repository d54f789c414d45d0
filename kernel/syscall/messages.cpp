// Sending and receiving on sockets.

#include "gen/syscall_decl.hpp"
#include "kernel/syscall/control_data.hpp"
#include "kernel/syscall/socket_argument.hpp"
#include "kernel/syscall/time_argument.hpp"
#include "kernel/syscall/vector_argument.hpp"

namespace syscall {
namespace {

using namespace net::message_flag;

constexpr u32 kMostMessages = 1024;

Result<i64> send_message(SocketHold& socket, const UserMessage& header, u32 flags) {
  const auto segments = TRY(copy_vector(mm::UserIn<IoVector>(header.vector), header.vector_count, Errno::EMSGSIZE));
  vfs::WriteBuffer data = vfs::WriteBuffer::user(std::span<const vfs::Segment>(segments));
  net::Outgoing message(data, flags);
  net::SocketAddress to;
  if (header.name != 0 && header.name_size != 0) {
    const i64 size = std::min<i64>(header.name_size, net::SocketAddress::kMax);
    to = TRY(copy_address(header.name, size));
    message.to = &to;
  }
  if (header.control != 0 && header.control_size != 0) {
    TRY(read_control(message, header.control, header.control_size));
  }
  return finish_send(*socket.socket, flags, socket->send(message));
}

// The parts of the header that the program gets back go into `header`.
Result<i64> receive_message(SocketHold& socket, UserMessage& header, u32 flags) {
  if (header.name_size < 0) return Err(Errno::EINVAL);
  const auto segments = TRY(copy_vector(mm::UserIn<IoVector>(header.vector), header.vector_count, Errno::EMSGSIZE));
  vfs::ReadBuffer data = vfs::ReadBuffer::user(std::span<const vfs::Segment>(segments));
  net::Incoming message(data, flags);
  const usize got = TRY(socket->receive(message));
  if (header.name != 0) {
    const usize room = std::min<usize>(static_cast<usize>(header.name_size), message.from.length);
    TRY(mm::copy_to_user(header.name, message.from.bytes, room));
    header.name_size = static_cast<i32>(message.from.length);
  }
  const usize control_room = header.control != 0 ? header.control_size : 0;
  header.control_size = TRY(write_control(message, header.control, control_room));
  header.flags = message.out_flags | (flags & kCloseOnExec);
  return static_cast<i64>(got);
}

// What a receive gives back, and nothing else of the header.
Status store_header(VirtAddr to, const UserMessage& header) {
  TRY(mm::copy_to_user(to + offsetof(UserMessage, name_size), &header.name_size, sizeof(header.name_size)));
  TRY(mm::copy_to_user(to + offsetof(UserMessage, control_size), &header.control_size, sizeof(header.control_size)));
  return mm::copy_to_user(to + offsetof(UserMessage, flags), &header.flags, sizeof(header.flags));
}

}  // namespace

Result<i64> sys_sendto(int fd, VirtAddr buffer, usize size, u32 flags, VirtAddr address, int address_size) {
  auto socket = TRY(socket_at(fd));
  if (!hal::is_user_range(buffer, size)) return Err(Errno::EFAULT);
  vfs::WriteBuffer data = vfs::WriteBuffer::user(buffer, std::min(size, kMaxTransfer));
  net::Outgoing message(data, flags);
  net::SocketAddress to;
  if (address != 0) {
    to = TRY(copy_address(address, address_size));
    message.to = &to;
  }
  return finish_send(*socket.socket, flags, socket->send(message));
}

Result<i64> sys_recvfrom(int fd, VirtAddr buffer, usize size, u32 flags, VirtAddr address,
                         mm::UserInOut<i32> address_size) {
  auto socket = TRY(socket_at(fd));
  if (!hal::is_user_range(buffer, size)) return Err(Errno::EFAULT);
  vfs::ReadBuffer data = vfs::ReadBuffer::user(buffer, std::min(size, kMaxTransfer));
  net::Incoming message(data, flags);
  const usize got = TRY(socket->receive(message));
  TRY(store_address(message.from, address, address_size));
  return static_cast<i64>(got);
}

Result<i64> sys_sendmsg(int fd, mm::UserIn<UserMessage> message, u32 flags) {
  auto socket = TRY(socket_at(fd));
  return send_message(socket, TRY(message.get()), flags);
}

Result<i64> sys_recvmsg(int fd, mm::UserInOut<UserMessage> message, u32 flags) {
  auto socket = TRY(socket_at(fd));
  UserMessage header = TRY(message.get());
  const i64 got = TRY(receive_message(socket, header, flags));
  TRY(store_header(message.address(), header));
  return got;
}

Result<i64> sys_sendmmsg(int fd, mm::UserInOut<UserMessageOfMany> messages, u32 count, u32 flags) {
  auto socket = TRY(socket_at(fd));
  count = std::min(count, kMostMessages);
  for (u32 i = 0; i < count; ++i) {
    const VirtAddr at = messages.address() + i * sizeof(UserMessageOfMany);
    const auto header = mm::UserIn<UserMessage>(at).get();
    const auto sent = header ? send_message(socket, *header, flags) : Result<i64>(Err(header.error()));
    if (!sent) return i != 0 ? Result<i64>(i) : sent;
    TRY(mm::UserOut<u32>(at + offsetof(UserMessageOfMany, transferred)).put(static_cast<u32>(*sent)));
  }
  return count;
}

Result<i64> sys_recvmmsg(int fd, mm::UserInOut<UserMessageOfMany> messages, u32 count, u32 flags,
                         mm::UserInOut<TimeSpec> timeout) {
  auto socket = TRY(socket_at(fd));
  // As on Linux the time is looked at after each message: it ends no wait.
  const u64 deadline = TRY(deadline_after(mm::UserIn<TimeSpec>(timeout.address())));
  count = std::min(count, kMostMessages);
  for (u32 i = 0; i < count; ++i) {
    const VirtAddr at = messages.address() + i * sizeof(UserMessageOfMany);
    auto header = mm::UserIn<UserMessage>(at).get();
    const auto got = header ? receive_message(socket, *header, flags & ~kWaitForOne) : Result<i64>(Err(header.error()));
    if (!got) return i != 0 ? Result<i64>(i) : got;
    TRY(store_header(at, *header));
    TRY(mm::UserOut<u32>(at + offsetof(UserMessageOfMany, transferred)).put(static_cast<u32>(*got)));
    if ((flags & kWaitForOne) != 0) flags |= kDontWait;
    if (sync::deadline_passed(deadline)) return i + 1;
  }
  return count;
}

}  // namespace syscall
