// The segments of readv, writev and the message calls.
#pragma once

#include "fs/vfs/buffer.hpp"
#include "kernel/lib/vector.hpp"
#include "kernel/syscall/abi.hpp"

namespace syscall {

inline constexpr usize kMaxTransfer = 0x7ffff000;  // as Linux: MAX_RW_COUNT
inline constexpr usize kMaxVector = 1024;          // UIO_MAXIOV

// Cut at the largest transfer. `too_many` for more than kMaxVector; EINVAL, EFAULT, ENOMEM.
Result<lib::Vector<vfs::Segment>> copy_vector(mm::UserIn<IoVector> vector, usize count, Errno too_many = Errno::EINVAL);

}  // namespace syscall
