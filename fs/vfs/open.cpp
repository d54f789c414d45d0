// open(2): finding or creating a file, and the checks before a File exists.

#include "fs/vfs/mount.hpp"
#include "fs/vfs/namei.hpp"
#include "fs/vfs/tree_change.hpp"
#include "kernel/lib/format.hpp"

namespace vfs {
namespace {

constexpr u32 kMaxSymlinks = 40;

bool wants_write(u32 flags) {
  return (flags & open_flag::kAccessMask) != open_flag::kReadOnly || (flags & open_flag::kTruncate) != 0;
}

Status check_open(const Path& path, Inode& inode, u32 flags, const Credentials& who) {
  if (inode.type() == FileType::Symlink) return Err(Errno::ELOOP);
  if ((flags & open_flag::kDirectory) != 0 && !inode.is_directory()) return Err(Errno::ENOTDIR);
  const bool writes = wants_write(flags);
  if (inode.is_directory() && (writes || (flags & open_flag::kCreate) != 0)) return Err(Errno::EISDIR);
  const bool is_device = inode.type() == FileType::Character || inode.type() == FileType::Block;
  if (is_device && (path.mount().flags() & mount_flag::kNodev) != 0) return Err(Errno::EACCES);
  if (writes && path.mount().is_read_only() && !is_device && inode.type() != FileType::Fifo) return Err(Errno::EROFS);
  u8 wanted = 0;
  if ((flags & open_flag::kAccessMask) != open_flag::kWriteOnly) wanted |= static_cast<u8>(Permission::Read);
  if (writes) wanted |= static_cast<u8>(Permission::Write);
  TRY(check_permission(inode, who, static_cast<Permission>(wanted)));
  if ((flags & open_flag::kNoatime) != 0 && !owns(inode, who)) return Err(Errno::EPERM);
  return {};
}

class PathFile final : public File {
 public:
  using File::File;
  Result<usize> read(ReadBuffer&, u64&) override { return Err(Errno::EBADF); }
  Result<usize> write(WriteBuffer&, u64&) override { return Err(Errno::EBADF); }
};

Result<lib::Ref<File>> open_existing(const Path& path, u32 flags, const Credentials& who, bool check) {
  lib::Ref<Inode> inode = path.inode();
  if ((flags & open_flag::kPath) != 0) {
    if ((flags & open_flag::kDirectory) != 0 && !inode->is_directory()) return Err(Errno::ENOTDIR);
    lib::Ref<File> file = TRY(lib::make_ref<PathFile>(path, flags));
    return file;
  }
  if (check) TRY(check_open(path, *inode, flags, who));
  const u32 kept = flags & ~(open_flag::kCreate | open_flag::kExclusive | open_flag::kNoctty | open_flag::kTruncate |
                             open_flag::kDirectory | open_flag::kNofollow | open_flag::kCloexec);
  auto file = TRY(inode->open(path, kept, who));
  if ((flags & open_flag::kTruncate) != 0 && inode->type() == FileType::Regular) TRY(file->truncate(0));
  return file;
}

// With O_CREAT: the entry for the last name, made if it is not there. `created` says which.
Result<Path> find_or_create(const LastName& last, u32 flags, u32 permissions, const Credentials& who, bool& created) {
  Dentry& directory = last.directory.dentry();
  lib::Ref<Inode> inode = directory.inode();
  return inode->names.with([&](Inode::Names& names) -> Result<Path> {
    if (names.is_removed) return Err(Errno::ENOENT);
    lib::Ref<Dentry> entry = TRY(look_up_locked(directory, *inode, last.name));
    created = !entry->inode();
    if (created) {
      TRY(check_may_create(last.directory, *inode, who));
      const NewNode node = new_node_in(*inode, FileType::Regular, permissions, who);
      entry->become(TRY(inode->create(last.name, node)));
    } else if ((flags & open_flag::kExclusive) != 0) {
      return Err(Errno::EEXIST);
    }
    return Path(last.directory.mount_ref(), std::move(entry));
  });
}

Result<lib::Ref<File>> open_creating(const WalkContext& context, std::string_view path, u32 flags, u32 permissions) {
  WalkContext from{context.root, context.current, context.who};
  lib::Vector<char> link_text;
  for (u32 links = 0; links <= kMaxSymlinks; ++links) {
    const LastName last = TRY(resolve_parent(from, path));
    if (last.is_special || last.trailing_slash) return Err(Errno::EISDIR);
    bool created = false;
    Path place = TRY(find_or_create(last, flags, permissions, context.who, created));
    if (created) return open_existing(place, flags & ~open_flag::kTruncate, context.who, false);
    lib::Ref<Inode> inode = place.inode();
    if (inode->type() != FileType::Symlink) return open_existing(top_of(std::move(place)), flags, context.who, true);
    if ((flags & open_flag::kNofollow) != 0) return Err(Errno::ELOOP);
    Path target;
    if (TRY(inode->follow(&target))) return open_existing(target, flags, context.who, true);
    lib::Vector<char> text;
    TRY(text.resize(kPathMax));
    const usize length = TRY(inode->read_link(text));
    link_text = std::move(text);
    path = {link_text.data(), length};
    from.current = last.directory;
  }
  return Err(Errno::ELOOP);
}

Result<lib::Ref<File>> open_unnamed(const WalkContext& context, std::string_view path, u32 flags, u32 permissions) {
  if (!wants_write(flags)) return Err(Errno::EINVAL);
  const Path directory = TRY(resolve(context, path));
  lib::Ref<Inode> inode = directory.inode();
  if (!inode->is_directory()) return Err(Errno::ENOTDIR);
  TRY(check_may_create(directory, *inode, context.who));
  auto fresh = TRY(inode->create_unnamed(new_node_in(*inode, FileType::Regular, permissions, context.who)));
  char name[32];
  const usize length = lib::format_into(name, sizeof(name), "#%lu", fresh->number());
  auto entry = TRY(Dentry::make_root(std::move(fresh), {name, length}));
  return open_existing(Path(directory.mount_ref(), std::move(entry)),
                       flags & ~(open_flag::kTmpfile | open_flag::kDirectory), context.who, false);
}

}  // namespace

Result<lib::Ref<File>> open_path(const Path& path, u32 flags, const Credentials& who) {
  return open_existing(path, flags, who, true);
}

Result<lib::Ref<File>> open(const WalkContext& context, std::string_view path, u32 flags, u32 permissions) {
  if ((flags & open_flag::kTmpfile) != 0) return open_unnamed(context, path, flags, permissions);
  if ((flags & open_flag::kCreate) != 0) {
    if ((flags & open_flag::kDirectory) != 0) return Err(Errno::EINVAL);
    return open_creating(context, path, flags, permissions);
  }
  const bool follow = (flags & open_flag::kNofollow) == 0;
  const Path place = TRY(resolve(context, path, follow ? Follow::Yes : Follow::No));
  return open_existing(place, flags, context.who, true);
}

}  // namespace vfs
