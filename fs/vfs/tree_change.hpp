// What all calls that make names share.
#pragma once

#include "fs/vfs/path.hpp"

namespace vfs {

// EROFS, EACCES.
Status check_may_create(const Path& directory, Inode& inode, const Credentials& who);

// Owner and group of a new file: the group of a setgid directory is inherited, and directories inherit the bit.
NewNode new_node_in(Inode& directory, FileType type, u32 permissions, const Credentials& who);

}  // namespace vfs
