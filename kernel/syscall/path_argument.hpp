// Path arguments: copied in, with the context that they are walked in.
#pragma once

#include "fs/vfs/namei.hpp"
#include "kernel/proc/process.hpp"
#include "kernel/syscall/abi.hpp"

namespace syscall {

// A path of the caller's in the kernel's memory. On the heap: the stack is too small for it.
class PathArgument {
 public:
  // ENAMETOOLONG, EFAULT, ENOMEM.
  static Result<PathArgument> copy(mm::UserString path);
  std::string_view text() const { return {bytes_.data(), length_}; }
  bool empty() const { return length_ == 0; }

 private:
  lib::Vector<char> bytes_;
  usize length_ = 0;
};

// Where a path starts: `directory` is a descriptor or kAtCurrent. EBADF, ENOTDIR (only for relative paths).
Result<vfs::WalkContext> context_for(int directory, std::string_view path);
vfs::WalkContext current_context();

// The place that (directory, path, flags) of the ...at calls names, AT_EMPTY_PATH included.
Result<vfs::Path> resolve_at(int directory, mm::UserString path, u32 flags, bool follow_by_default = true);

Result<lib::Ref<vfs::File>> file_of(int fd);

}  // namespace syscall
