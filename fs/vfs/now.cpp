#include "fs/vfs/inode.hpp"
#include "kernel/time/wall_clock.hpp"

namespace vfs {

Timestamp now() { return ktime::wall_clock_ns(); }

}  // namespace vfs
