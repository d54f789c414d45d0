// Arguments of the socket calls: descriptors that are sockets, addresses in and out.
#pragma once

#include "kernel/syscall/abi.hpp"
#include "net/socket/socket.hpp"

namespace syscall {

// A socket and the reference that keeps it. EBADF, ENOTSOCK.
struct SocketHold {
  lib::Ref<vfs::File> file;
  net::Socket* socket = nullptr;
  net::Socket* operator->() const { return socket; }
};
Result<SocketHold> socket_at(int fd);

// EINVAL, EFAULT.
Result<net::SocketAddress> copy_address(VirtAddr address, i64 size);
// As much as there is room for, and the whole length; nothing where `address` is null. EINVAL, EFAULT.
Status store_address(const net::SocketAddress& from, VirtAddr address, mm::UserInOut<i32> size);

// SIGPIPE for streams, unless MSG_NOSIGNAL.
Result<i64> finish_send(const net::Socket& socket, u32 flags, Result<usize> sent);

}  // namespace syscall
