#include "fs/vfs/mount.hpp"

#include <algorithm>
#include <cstring>

#include "fs/vfs/write_back.hpp"

namespace vfs {

// All mounts, in the order of mounting. Later ones at the same place are on top.
class MountTree {
 public:
  Status add(lib::Ref<Mount> mount, const Path& point, std::string_view source) {
    mount->source_ = TRY(lib::String::copy(source));
    mount->point_ = point;
    if (point) point.dentry().add_mount(1);
    Mount& entry = *mount.leak();  // the list's reference
    mounts_.push_back(entry);
    return {};
  }
  // What covers exactly this place, or null.
  Mount* covering(const Path& path) {
    for (auto at = mounts_.rbegin(); at != mounts_.rend(); ++at) {
      if (at->point_ == path) return &*at;
    }
    return nullptr;
  }
  bool has_children(const Mount& mount) {
    return std::any_of(mounts_.begin(), mounts_.end(),
                       [&](const Mount& other) { return other.point_ && &other.point_.mount() == &mount; });
  }
  lib::Ref<Mount> remove(Mount& mount) {
    mount.point_.dentry().add_mount(-1);
    mount.point_ = Path();
    mounts_.erase(mounts_.iterator_to(mount));
    return lib::Ref<Mount>::adopt(&mount);
  }
  Path point_of(const Mount& mount) { return mount.point_; }
  void set_point(Mount& mount, const Path& point) {
    if (mount.point_) mount.point_.dentry().add_mount(-1);
    mount.point_ = point;
    if (point) point.dentry().add_mount(1);
  }
  void set_flags(Mount& mount, u32 flags) { mount.flags_.store(flags); }
  u64 next_id() { return ++last_id_; }
  lib::List<Mount>& all() { return mounts_; }

 private:
  lib::List<Mount> mounts_;
  u64 last_id_ = 0;
};

void Mount::destroy_last(Mount* self) {
  Dentry::drop_unused_below(*self->root_);
  lib::destroy(self);
}

namespace {

sync::Locked<MountTree, sync::LockClass::Mounts> g_tree;
Path g_first_root;

struct Types {
  lib::Vector<const FileSystemType*> known;
};
sync::Locked<Types, sync::LockClass::FileSystemTypes> g_types;

Result<lib::Ref<Mount>> new_mount(MountTree& tree, lib::Ref<FileSystem> file_system, lib::Ref<Dentry> root, u32 flags) {
  return lib::make_ref<Mount>(std::move(file_system), std::move(root), flags, tree.next_id());
}

Result<lib::Ref<Dentry>> root_dentry(FileSystem& file_system) { return Dentry::make_root(TRY(file_system.root())); }

// The references that a mount has when nobody is inside: the list's, and the caller's path.
constexpr u32 kIdleReferences = 2;

Path top_of_locked(MountTree& tree, Path path) {
  while (path.dentry().is_mount_point()) {
    Mount* mount = tree.covering(path);
    if (mount == nullptr) break;
    path = mount->root_path();
  }
  return path;
}

}  // namespace

Status mount_first_root(lib::Ref<FileSystem> file_system) {
  auto dentry = TRY(root_dentry(*file_system));
  auto tree = g_tree.lock();
  auto mount = TRY(new_mount(*tree, std::move(file_system), dentry, 0));
  g_first_root = Path(mount, dentry);
  return tree->add(mount, Path(), "rootfs");
}

Path first_root() { return g_first_root; }

Status mount(const Path& point, lib::Ref<FileSystem> file_system, u32 flags, std::string_view source) {
  if (!point.inode()->is_directory()) return Err(Errno::ENOTDIR);
  auto dentry = TRY(root_dentry(*file_system));
  auto tree = g_tree.lock();
  auto mount = TRY(new_mount(*tree, std::move(file_system), std::move(dentry), flags));
  return tree->add(std::move(mount), top_of_locked(*tree, point), source);
}

Status bind_mount(const Path& from, const Path& point) {
  if (from.inode()->is_directory() != point.inode()->is_directory()) return Err(Errno::ENOTDIR);
  auto tree = g_tree.lock();
  auto mount =
      TRY(new_mount(*tree, lib::Ref<FileSystem>(from.mount().file_system()), from.dentry_ref(), from.mount().flags()));
  return tree->add(std::move(mount), top_of_locked(*tree, point), from.mount().source().view());
}

Status move_mount(const Path& from, const Path& point) {
  auto tree = g_tree.lock();
  Mount& mount = from.mount();
  if (&from.dentry() != &mount.root() || !tree->point_of(mount)) return Err(Errno::EINVAL);
  if (!point.inode()->is_directory()) return Err(Errno::ENOTDIR);
  const Path target = top_of_locked(*tree, point);
  // Not into itself: no mount on the way up from the target may be the one that moves.
  for (Path at = target; at; at = tree->point_of(at.mount())) {
    if (&at.mount() == &mount) return Err(Errno::ELOOP);
  }
  tree->set_point(mount, target);
  return {};
}

Status remount(const Path& at, u32 flags, std::string_view options, bool bind) {
  auto tree = g_tree.lock();
  Mount& mount = at.mount();
  if (&at.dentry() != &mount.root()) return Err(Errno::EINVAL);
  const bool read_only = (flags & mount_flag::kReadOnly) != 0;
  if (read_only && !mount.is_read_only() && mount.has_writers()) return Err(Errno::EBUSY);
  if (!bind) TRY(mount.file_system().remount(read_only, options));
  tree->set_flags(mount, flags);
  return {};
}

Status unmount(const Path& root, bool lazy) {
  // Names that nobody uses hold their inodes, which hold files' pages; they would keep the mount busy for nothing.
  Dentry::drop_unused_below(root.dentry());
  lib::Ref<Mount> removed;
  {
    auto tree = g_tree.lock();
    Mount& mount = root.mount();
    if (&root.dentry() != &mount.root()) return Err(Errno::EINVAL);
    if (!tree->point_of(mount)) return Err(Errno::EBUSY);  // the root of all
    if (!lazy && (tree->has_children(mount) || mount.reference_count() > kIdleReferences)) return Err(Errno::EBUSY);
    if (!lazy) TRY(mount.file_system().prepare_unmount());
    removed = tree->remove(mount);
  }
  return {};
}

Status pivot_root(const Path& new_root, const Path& put_old, const Path& old_root) {
  auto tree = g_tree.lock();
  Mount& fresh = new_root.mount();
  Mount& old = old_root.mount();
  if (&fresh == &old) return Err(Errno::EBUSY);
  if (&new_root.dentry() != &fresh.root() || &old_root.dentry() != &old.root() || !tree->point_of(fresh)) {
    return Err(Errno::EINVAL);
  }
  if (!put_old.inode()->is_directory()) return Err(Errno::ENOTDIR);
  const Path above = tree->point_of(old);
  tree->set_point(fresh, above);
  tree->set_point(old, put_old);
  return {};
}

Path top_of(Path path) {
  if (!path.dentry().is_mount_point()) return path;
  auto tree = g_tree.lock();
  return top_of_locked(*tree, std::move(path));
}

Path covered_by(const Path& mount_root) {
  auto tree = g_tree.lock();
  Path point = tree->point_of(mount_root.mount());
  return point ? point : mount_root;
}

Result<usize> path_text(const Path& path, const Path& root, std::span<char> buffer, bool mark_deleted) {
  constexpr std::string_view kDeleted = " (deleted)";
  usize at = buffer.size();
  const auto prepend = [&](std::string_view text) {
    if (at < text.size()) return false;
    at -= text.size();
    std::memcpy(&buffer[at], text.data(), text.size());
    return true;
  };
  if (path.dentry().is_unlinked()) {
    if (!mark_deleted) return Err(Errno::ENOENT);
    if (!prepend(kDeleted)) return Err(Errno::ERANGE);
  }
  const usize end = at;
  for (Path here = path; !(here == root);) {
    if (&here.dentry() == &here.mount().root()) {
      Path below = covered_by(here);
      if (below == here) break;  // the root of all, seen from inside a chroot that does not contain it
      here = std::move(below);
      continue;
    }
    if (here.dentry().is_root()) break;
    char name[kNameMax + 1];
    const usize length = here.dentry().copy_name(name);
    if (!prepend({name, length}) || !prepend("/")) return Err(Errno::ERANGE);
    here = Path(here.mount_ref(), here.dentry().parent());
  }
  if (at == end && !prepend("/")) return Err(Errno::ERANGE);
  std::memmove(buffer.data(), &buffer[at], buffer.size() - at);
  return buffer.size() - at;
}

void list_mounts(const Path& root, void (*visit)(void*, Mount&, std::string_view), void* context) {
  lib::Vector<lib::Ref<Mount>> snapshot;
  g_tree.with([&](MountTree& tree) {
    for (Mount& mount : tree.all()) {
      if (!snapshot.push(lib::Ref<Mount>(mount))) return;
    }
  });
  char text[kPathMax / 4];
  for (const auto& mount : snapshot) {
    const auto length = path_text(mount->root_path(), root, text);
    if (length) visit(context, *mount, {text, *length});
  }
}

namespace {

Status snapshot_mounts(lib::Vector<lib::Ref<Mount>>& snapshot) {
  return g_tree.with([&](MountTree& tree) -> Status {
    for (Mount& mount : tree.all()) TRY(snapshot.push(lib::Ref<Mount>(mount)));
    return {};
  });
}

}  // namespace

Status sync_all() {
  lib::Vector<lib::Ref<Mount>> snapshot;
  TRY(snapshot_mounts(snapshot));
  Status result;
  for (const auto& mount : snapshot) {
    if (Status synced = mount->file_system().sync(); !synced) result = synced;
  }
  if (Status synced = sync_extra(); !synced) result = synced;
  return result;
}

Status make_all_read_only() {
  lib::Vector<lib::Ref<Mount>> snapshot;
  TRY(snapshot_mounts(snapshot));
  Status result;
  for (const auto& mount : snapshot) {
    const u32 flags = mount->flags() | mount_flag::kReadOnly;
    if (Status done = remount(mount->root_path(), flags, {}, false); !done) result = done;
  }
  return result;
}

void write_back_all(bool all) {
  lib::Vector<lib::Ref<Mount>> snapshot;
  static_cast<void>(snapshot_mounts(snapshot));
  for (const auto& mount : snapshot) mount->file_system().write_back(all);
}

void register_type(const FileSystemType& type) {
  g_types.with([&](Types& types) { static_cast<void>(types.known.push(&type)); });
}

const FileSystemType* find_type(std::string_view name) {
  return g_types.with([&](Types& types) -> const FileSystemType* {
    for (const FileSystemType* type : types.known) {
      if (type->name == name) return type;
    }
    return nullptr;
  });
}

void list_types(void (*visit)(void*, const FileSystemType&), void* context) {
  g_types.with([&](Types& types) {
    for (const FileSystemType* type : types.known) visit(context, *type);
  });
}

}  // namespace vfs
