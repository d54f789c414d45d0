// Control data of messages (cmsg(3)): parsed on the way in, built on the way out.
#pragma once

#include "kernel/syscall/abi.hpp"
#include "net/socket/message.hpp"

namespace syscall {

// Reads what the program put beside its data into `message`. EINVAL, EBADF, EPERM, EFAULT, ENOBUFS, ETOOMANYREFS.
Status read_control(net::Outgoing& message, VirtAddr control, usize size);

// Writes what came with `message` to the program: files become descriptors. What does not fit is dropped, and
// MSG_CTRUNC says so. The bytes used. EFAULT only where nothing was lost by it.
Result<usize> write_control(net::Incoming& message, VirtAddr control, usize size);

}  // namespace syscall
