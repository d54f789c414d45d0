#include "kernel/syscall/path_argument.hpp"

namespace syscall {

Result<PathArgument> PathArgument::copy(mm::UserString path) {
  PathArgument argument;
  // Most paths are short: a small block first, the full size only where it does not do.
  constexpr usize kShort = 128;
  TRY(argument.bytes_.resize(kShort));
  auto length = path.copy(argument.bytes_, Errno::ENAMETOOLONG);
  if (!length && length.error() == Errno::ENAMETOOLONG) {
    TRY(argument.bytes_.resize(vfs::kPathMax));
    length = path.copy(argument.bytes_, Errno::ENAMETOOLONG);
  }
  argument.length_ = TRY(std::move(length));
  return argument;
}

vfs::WalkContext current_context() {
  proc::Thread& self = proc::current_thread();
  return {self.directories->root(), self.directories->current(), *self.credentials};
}

Result<lib::Ref<vfs::File>> file_of(int fd) { return proc::current_thread().files->get(fd); }

Result<vfs::WalkContext> context_for(int directory, std::string_view path) {
  vfs::WalkContext context = current_context();
  if (directory == kAtCurrent || (!path.empty() && path.front() == '/')) return context;
  auto file = TRY(file_of(directory));
  if (!path.empty() && !file->inode()->is_directory()) return Err(Errno::ENOTDIR);
  return vfs::WalkContext{context.root, file->path(), context.who};
}

Result<vfs::Path> resolve_at(int directory, mm::UserString path, u32 flags, bool follow_by_default) {
  const PathArgument name = TRY(PathArgument::copy(path));
  const vfs::WalkContext context = TRY(context_for(directory, name.text()));
  if (name.empty()) {
    if ((flags & kAtEmptyPath) == 0) return Err(Errno::ENOENT);
    return context.current;
  }
  bool follow = follow_by_default;
  if ((flags & kAtSymlinkNofollow) != 0) follow = false;
  if ((flags & kAtSymlinkFollow) != 0) follow = true;
  return vfs::resolve(context, name.text(), follow ? vfs::Follow::Yes : vfs::Follow::No);
}

}  // namespace syscall
