// Files without a name in the tree: pipes, sockets, event files. They have an inode in a file system of their own, so
// that fstat and /proc/PID/fd work on them.
#pragma once

#include "fs/vfs/path.hpp"

namespace vfs {

// A new inode of the given type and a path to it, which reads "kind:[number]". ENOMEM.
Result<Path> anonymous_path(const char* kind, FileType type);

}  // namespace vfs
