// Mounts: file systems put over places in the tree.
//
// The tree of mounts is guarded by one sleeping lock (LockClass::Mounts); which dentry is covered by what is found
// through a flag on the dentry and a list. A mount is held by every path through it, and cannot be unmounted while one
// is (EBUSY), unless lazily.
#pragma once

#include "fs/vfs/path.hpp"

namespace vfs {

namespace mount_flag {
inline constexpr u32 kReadOnly = 1, kNosuid = 2, kNodev = 4, kNoexec = 8, kSynchronous = 16, kNoatime = 1024,
                     kNodiratime = 2048, kRelatime = 1 << 21, kStrictatime = 1 << 24;
// Those that a remount with MS_BIND changes: of this mount, not of the file system.
inline constexpr u32 kOfMount =
    kReadOnly | kNosuid | kNodev | kNoexec | kNoatime | kNodiratime | kRelatime | kStrictatime;
}  // namespace mount_flag

class Mount : public lib::RefCounted<Mount>, public lib::ListNode {
 public:
  // The names below are forgotten, and the file system with its last mount.
  static void destroy_last(Mount* self);
  Mount(lib::Ref<FileSystem> file_system, lib::Ref<Dentry> root, u32 flags, u64 id)
      : file_system_(std::move(file_system)), root_(std::move(root)), flags_(flags), id_(id) {}

  FileSystem& file_system() const { return *file_system_; }
  Dentry& root() const { return *root_; }
  Path root_path() { return Path(lib::Ref<Mount>(this), root_); }
  u32 flags() const { return flags_.load(std::memory_order_relaxed); }
  bool is_read_only() const { return (flags() & mount_flag::kReadOnly) != 0 || file_system_->is_read_only(); }
  u64 id() const { return id_; }
  // Files that are open for writing: while there are some the mount does not become read-only.
  void add_writer(i32 delta) { writers_.fetch_add(static_cast<u32>(delta), std::memory_order_relaxed); }
  bool has_writers() const { return writers_.load(std::memory_order_relaxed) != 0; }
  const lib::String& source() const { return source_; }

 private:
  friend class MountTree;
  lib::Ref<FileSystem> file_system_;
  lib::Ref<Dentry> root_;
  std::atomic<u32> flags_;
  u64 id_;
  std::atomic<u32> writers_ = 0;
  Path point_;  // what it covers; empty for the first root. MountTree's lock.
  lib::String source_;
};

// The first mount of all. ENOMEM. Boot.
Status mount_first_root(lib::Ref<FileSystem> file_system);
Path first_root();

// Puts a file system over `point` (a directory). ENOTDIR, ENOMEM.
Status mount(const Path& point, lib::Ref<FileSystem> file_system, u32 flags, std::string_view source);
// Shows the tree below `from` at `point` as well (MS_BIND).
Status bind_mount(const Path& from, const Path& point);
Status move_mount(const Path& from, const Path& point);
// New flags for the mount alone (`bind`), or for its file system as well. EBUSY: files are open for writing.
Status remount(const Path& at, u32 flags, std::string_view options, bool bind);
// Takes the topmost mount at `point` (its root) away. EINVAL if it is not a mount's root, EBUSY.
Status unmount(const Path& root, bool lazy);
// Makes the mount at `new_root` the root of the tree and puts the old one at `put_old` (pivot_root).
Status pivot_root(const Path& new_root, const Path& put_old, const Path& old_root);

// Follows mounts: what is on top at `path`.
Path top_of(Path path);
// From a mount's root to the place that it covers; the path itself if there is none.
Path covered_by(const Path& mount_root);

// The absolute path as seen from `root` into `buffer`; the length. ENOENT for a place that was removed (" (deleted)" is
// appended with `mark_deleted` instead), ERANGE.
Result<usize> path_text(const Path& path, const Path& root, std::span<char> buffer, bool mark_deleted = false);

// Calls visit(Mount&, point path text) for each mount that can be seen from `root`, in the order of mounting.
void list_mounts(const Path& root, void (*visit)(void* context, Mount& mount, std::string_view point), void* context);
// Writes everything out. The first error.
Status sync_all();
// Makes every file system read-only that has no file open for writing. EBUSY: not all of them.
Status make_all_read_only();
// Calls FileSystem::write_back() of each.
void write_back_all(bool all);

// A file system type that mount(2) knows by name.
struct FileSystemType {
  const char* name;
  bool needs_device;
  // `source` is what the user named; `data` the option string.
  Result<lib::Ref<FileSystem>> (*mount)(std::string_view source, u32 flags, std::string_view data,
                                        const WalkContext& context);
};
// For kernel lifetime.
void register_type(const FileSystemType& type);
const FileSystemType* find_type(std::string_view name);
void list_types(void (*visit)(void* context, const FileSystemType& type), void* context);

}  // namespace vfs
