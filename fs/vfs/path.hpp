// A place in the tree of mounts: a mount and a name in it. Both are held.
#pragma once

#include "fs/vfs/dentry.hpp"

namespace vfs {

class Mount;

class Path {
 public:
  Path();
  Path(lib::Ref<Mount> mount, lib::Ref<Dentry> dentry);
  Path(const Path&);
  Path(Path&&) noexcept;
  Path& operator=(Path);
  ~Path();

  explicit operator bool() const { return static_cast<bool>(dentry_); }
  Mount& mount() const { return *mount_; }
  const lib::Ref<Mount>& mount_ref() const { return mount_; }
  Dentry& dentry() const { return *dentry_; }
  const lib::Ref<Dentry>& dentry_ref() const { return dentry_; }
  lib::Ref<Inode> inode() const { return dentry_->inode(); }
  bool operator==(const Path& other) const { return mount_ == other.mount_ && dentry_ == other.dentry_; }

 private:
  lib::Ref<Mount> mount_;
  lib::Ref<Dentry> dentry_;
};

// Where a process sees the tree from: the start of absolute and of relative paths, and who asks.
struct WalkContext {
  Path root;
  Path current;
  const Credentials& who;
};

}  // namespace vfs
