// Names: making, removing, renaming, and the working directory.

#include "fs/vfs/mount.hpp"
#include "gen/syscall_decl.hpp"
#include "kernel/syscall/path_argument.hpp"

namespace syscall {
namespace {

u32 masked(u32 mode) { return mode & vfs::kPermissionMask & ~proc::current_thread().directories->umask(); }

Result<i64> done(Status status) {
  TRY(std::move(status));
  return 0;
}

// Copies the path, finds where it starts, and calls change(context, text).
template <class Change>
Result<i64> change_name(int directory, mm::UserString path, Change&& change) {
  const PathArgument name = TRY(PathArgument::copy(path));
  const vfs::WalkContext context = TRY(context_for(directory, name.text()));
  return done(change(context, name.text()));
}

}  // namespace

Result<i64> sys_mkdirat(int directory, mm::UserString path, u32 mode) {
  return change_name(directory, path, [&](const vfs::WalkContext& context, std::string_view name) {
    return vfs::make_directory(context, name, masked(mode & 01777));
  });
}
Result<i64> sys_mkdir(mm::UserString path, u32 mode) { return sys_mkdirat(kAtCurrent, path, mode); }

Result<i64> sys_mknodat(int directory, mm::UserString path, u32 mode, u32 device) {
  vfs::NewNode node;
  const u32 type = mode & vfs::kTypeMask;
  node.type = type == 0 ? vfs::FileType::Regular : static_cast<vfs::FileType>(type);
  node.permissions = masked(mode);
  node.device_number = vfs::DeviceNumber::decode(device);
  switch (node.type) {
    case vfs::FileType::Regular:
    case vfs::FileType::Fifo:
    case vfs::FileType::Socket: break;
    case vfs::FileType::Character:
    case vfs::FileType::Block:
      if (!proc::current_thread().credentials->has(vfs::Capability::Mknod)) return Err(Errno::EPERM);
      break;
    case vfs::FileType::Directory: return Err(Errno::EPERM);
    default: return Err(Errno::EINVAL);
  }
  return change_name(directory, path, [&](const vfs::WalkContext& context, std::string_view name) {
    return vfs::make_node(context, name, node);
  });
}
Result<i64> sys_mknod(mm::UserString path, u32 mode, u32 device) { return sys_mknodat(kAtCurrent, path, mode, device); }

Result<i64> sys_unlinkat(int directory, mm::UserString path, u32 flags) {
  return change_name(directory, path, [&](const vfs::WalkContext& context, std::string_view name) {
    return (flags & kAtRemovedir) != 0 ? vfs::remove_directory(context, name) : vfs::remove_name(context, name);
  });
}
Result<i64> sys_unlink(mm::UserString path) { return sys_unlinkat(kAtCurrent, path, 0); }
Result<i64> sys_rmdir(mm::UserString path) { return sys_unlinkat(kAtCurrent, path, kAtRemovedir); }

Result<i64> sys_renameat2(int from_directory, mm::UserString from, int to_directory, mm::UserString to, u32 flags) {
  if (flags == 3) return Err(Errno::EINVAL);  // not to replace and to exchange exclude each other
  const PathArgument from_name = TRY(PathArgument::copy(from));
  const PathArgument to_name = TRY(PathArgument::copy(to));
  const vfs::WalkContext from_context = TRY(context_for(from_directory, from_name.text()));
  const vfs::WalkContext to_context = TRY(context_for(to_directory, to_name.text()));
  return done(vfs::rename(from_context, from_name.text(), to_context, to_name.text(), flags));
}
Result<i64> sys_renameat(int from_directory, mm::UserString from, int to_directory, mm::UserString to) {
  return sys_renameat2(from_directory, from, to_directory, to, 0);
}
Result<i64> sys_rename(mm::UserString from, mm::UserString to) {
  return sys_renameat2(kAtCurrent, from, kAtCurrent, to, 0);
}

Result<i64> sys_linkat(int from_directory, mm::UserString from, int to_directory, mm::UserString to, u32 flags) {
  const vfs::Path target = TRY(resolve_at(from_directory, from, flags, false));
  return change_name(to_directory, to, [&](const vfs::WalkContext& context, std::string_view name) {
    return vfs::make_link(context, target, name);
  });
}
Result<i64> sys_link(mm::UserString from, mm::UserString to) { return sys_linkat(kAtCurrent, from, kAtCurrent, to, 0); }

Result<i64> sys_symlinkat(mm::UserString target, int directory, mm::UserString path) {
  const PathArgument text = TRY(PathArgument::copy(target));
  return change_name(directory, path, [&](const vfs::WalkContext& context, std::string_view name) {
    return vfs::make_symlink(context, text.text(), name);
  });
}
Result<i64> sys_symlink(mm::UserString target, mm::UserString path) { return sys_symlinkat(target, kAtCurrent, path); }

Result<i64> sys_readlinkat(int directory, mm::UserString path, VirtAddr buffer, i32 size) {
  if (size <= 0) return Err(Errno::EINVAL);
  const vfs::Path place = TRY(resolve_at(directory, path, kAtEmptyPath, false));
  lib::Ref<vfs::Inode> inode = place.inode();
  if (inode->type() != vfs::FileType::Symlink) return Err(Errno::EINVAL);
  lib::Vector<char> text;
  TRY(text.resize(vfs::kPathMax));
  const usize length = std::min(TRY(inode->read_link(text)), static_cast<usize>(size));
  TRY(mm::copy_to_user(buffer, text.data(), length));
  return static_cast<i64>(length);
}
Result<i64> sys_readlink(mm::UserString path, VirtAddr buffer, i32 size) {
  return sys_readlinkat(kAtCurrent, path, buffer, size);
}

Result<i64> sys_getcwd(VirtAddr buffer, usize size) {
  const vfs::WalkContext context = current_context();
  lib::Vector<char> text;
  TRY(text.resize(vfs::kPathMax));
  const usize length = TRY(vfs::path_text(context.current, context.root, {text.data(), text.size() - 1}));
  text[length] = 0;
  if (length + 1 > size) return Err(Errno::ERANGE);
  TRY(mm::copy_to_user(buffer, text.data(), length + 1));
  return static_cast<i64>(length + 1);
}

namespace {

Status enter(const vfs::Path& place, void (proc::Directories::*set)(vfs::Path)) {
  lib::Ref<vfs::Inode> inode = place.inode();
  if (!inode->is_directory()) return Err(Errno::ENOTDIR);
  proc::Thread& self = proc::current_thread();
  TRY(vfs::check_permission(*inode, *self.credentials, vfs::Permission::Execute));
  ((*self.directories).*set)(place);
  return {};
}

}  // namespace

Result<i64> sys_chdir(mm::UserString path) {
  return done(enter(TRY(resolve_at(kAtCurrent, path, 0)), &proc::Directories::set_current));
}

Result<i64> sys_fchdir(int fd) { return done(enter(TRY(file_of(fd))->path(), &proc::Directories::set_current)); }

Result<i64> sys_chroot(mm::UserString path) {
  const vfs::Path place = TRY(resolve_at(kAtCurrent, path, 0));
  if (!proc::current_thread().credentials->has(vfs::Capability::SysChroot)) return Err(Errno::EPERM);
  return done(enter(place, &proc::Directories::set_root));
}

Result<i64> sys_umask(u32 mask) { return proc::current_thread().directories->exchange_umask(mask); }

}  // namespace syscall
