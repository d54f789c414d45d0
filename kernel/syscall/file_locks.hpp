// Advisory locks as fcntl(2) and flock(2) ask for them.
#pragma once

#include "fs/vfs/file.hpp"

namespace syscall {

// fcntl's commands about locks; EINVAL for all others. May sleep.
Result<i64> lock_control(vfs::File& file, u32 command, VirtAddr argument);

}  // namespace syscall
