// /proc/PID/fd. A link leads straight to the open file's place, also where that has no name any more; opening one makes
// a new open file of the same inode.
#include <algorithm>
#include <cstring>

#include "fs/procfs/node.hpp"
#include "fs/vfs/path.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/format.hpp"

namespace procfs {
namespace {

using vfs::FileType;

class DescriptorLink final : public Node {
 public:
  DescriptorLink(vfs::FileSystem& file_system, ProcessSource& source, i32 pid, int fd, u32 uid, u32 gid)
      : Node(file_system, process_number(pid, kFirstDescriptor + static_cast<u64>(fd)), FileType::Symlink, 0700, uid,
             gid),
        source_(source),
        pid_(pid),
        fd_(fd) {}
  Result<usize> read_link(std::span<char> buffer) override {
    Text text;
    if (!source_.describe_descriptor(pid_, fd_, text)) return Err(Errno::ENOENT);
    const usize length = std::min(buffer.size(), text.view().size());
    std::memcpy(buffer.data(), text.view().data(), length);
    return length;
  }
  Result<bool> follow(vfs::Path* target) override {
    *target = TRY(source_.descriptor(pid_, fd_));
    return true;
  }

 private:
  ProcessSource& source_;
  const i32 pid_;
  const int fd_;
};

class Descriptors final : public Node {
 public:
  Descriptors(vfs::FileSystem& file_system, ProcessSource& source, i32 pid, u32 uid, u32 gid)
      : Node(file_system, process_number(pid, kFirstDescriptor - 1), FileType::Directory, 0500, uid, gid),
        source_(source),
        pid_(pid),
        uid_(uid),
        gid_(gid) {}
  Result<lib::Ref<vfs::Inode>> look_up(std::string_view name) override {
    const bool is_plain = name.find_first_not_of("0123456789") == name.npos && (name == "0" || name.front() != '0');
    const auto number = is_plain ? lib::parse_number(name) : std::nullopt;
    if (!number || *number > INT32_MAX) return Err(Errno::ENOENT);
    const int fd = static_cast<int>(*number);
    if (source_.next_descriptor(pid_, fd) != fd) return Err(Errno::ENOENT);
    lib::Ref<vfs::Inode> node = TRY(lib::make_ref<DescriptorLink>(file_system(), source_, pid_, fd, uid_, gid_));
    return node;
  }
  Status list(u64 position, vfs::DirectorySink& sink) override {
    int fd = position < 2 ? 0 : static_cast<int>(position - 2);
    for (fd = source_.next_descriptor(pid_, fd); fd >= 0; fd = source_.next_descriptor(pid_, fd + 1)) {
      char name[16];
      const usize length = lib::format_into(name, sizeof(name), "%d", fd);
      const u64 inode = process_number(pid_, kFirstDescriptor + static_cast<u64>(fd));
      if (!sink.add({name, length}, inode, FileType::Symlink, static_cast<u64>(fd) + 3)) return {};
    }
    return {};
  }

 private:
  ProcessSource& source_;
  const i32 pid_;
  const u32 uid_, gid_;
};

}  // namespace

Result<lib::Ref<vfs::Inode>> make_descriptors(vfs::FileSystem& file_system, ProcessSource& source, i32 pid, u32 uid,
                                              u32 gid) {
  lib::Ref<vfs::Inode> node = TRY(lib::make_ref<Descriptors>(file_system, source, pid, uid, gid));
  return node;
}

}  // namespace procfs
