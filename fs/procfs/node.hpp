// What all inodes of /proc have in common, for the files of this room.
#pragma once

#include "fs/procfs/procfs.hpp"

namespace procfs {

// Inode numbers: 1 the root, then the kernel's files; each process has a span of its own.
inline constexpr u64 kPerProcess = 1 << 20;
inline constexpr u64 kFirstDescriptor = 1 << 10;  // within a process's span
constexpr u64 process_number(i32 pid, u64 which) { return static_cast<u64>(pid) * kPerProcess + which; }

class Node : public vfs::Inode {
 public:
  Node(vfs::FileSystem& file_system, u64 number, vfs::FileType type, u32 permissions, u32 uid = 0, u32 gid = 0)
      : Inode(file_system) {
    vfs::NewNode node;
    node.type = type;
    node.permissions = permissions;
    node.uid = uid;
    node.gid = gid;
    set_attributes(node);
    set_identity(number, type);
  }
  bool names_are_stable() const override { return false; }
};

// An open control file: each write goes to the function. EINVAL for one of more than 128 bytes.
Result<lib::Ref<vfs::File>> open_control(const vfs::Path& path, u32 flags, Control write);

// /proc/PID/fd: a link for each open descriptor.
inline constexpr const char* kDescriptorsName = "fd";
Result<lib::Ref<vfs::Inode>> make_descriptors(vfs::FileSystem& file_system, ProcessSource& source, i32 pid, u32 uid,
                                              u32 gid);

}  // namespace procfs
