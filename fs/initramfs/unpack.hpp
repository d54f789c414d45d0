// The first root's contents: a CPIO archive unpacked into the tree.
#pragma once

#include <span>

#include "fs/vfs/path.hpp"

namespace initramfs {

struct Unpacked {
  u32 entries = 0;
  u32 failed = 0;  // each is on the log
};
// Names are taken relative to `context.root`. A damaged archive ends the work with EINVAL; what was unpacked stays. May
// sleep.
Result<Unpacked> unpack(std::span<const u8> archive, const vfs::WalkContext& context);

}  // namespace initramfs
