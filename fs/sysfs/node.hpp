// The inodes of /sys. Made anew at each look-up from an Entry; two of one path have the same number.
//
// For the files of this room. An inode is constant; it has no lock of its own.
#pragma once

#include "fs/sysfs/tree.hpp"
#include "fs/vfs/inode.hpp"

namespace sysfs {

inline constexpr u64 kRootNumber = 1;

// ENOMEM.
Result<lib::Ref<vfs::Inode>> make_node(vfs::FileSystem& file_system, u64 number, const Entry& entry);

}  // namespace sysfs
