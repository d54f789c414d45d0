// Open flags between the architecture's numbers and ours.
#pragma once

#include "fs/vfs/types.hpp"

namespace syscall {

// Unknown bits are ignored, as open(2) has always done; EINVAL for combinations that make no sense.
Result<u32> open_flags_from_user(u32 flags);
u32 open_flags_to_user(u32 flags);

}  // namespace syscall
