// eventfd: a counter that can be waited for.
//
// write() adds, and waits while the sum would exceed the largest value; read() takes all of it, or 1 (semaphore), and
// waits while it is 0.
#pragma once

#include "fs/vfs/file.hpp"

namespace ipc {

// `flags`: O_NONBLOCK or nothing. ENOMEM.
Result<lib::Ref<vfs::File>> make_eventfd(u64 initial, bool semaphore, u32 flags);

}  // namespace ipc
