#include "fs/vfs/path.hpp"

#include "fs/vfs/mount.hpp"

namespace vfs {

// Here and not in the header, which does not know what a Mount is.
Path::Path(lib::Ref<Mount> mount, lib::Ref<Dentry> dentry) : mount_(std::move(mount)), dentry_(std::move(dentry)) {}
Path::Path() = default;
Path::Path(const Path&) = default;
Path::Path(Path&&) noexcept = default;
Path& Path::operator=(Path other) {
  std::swap(mount_, other.mount_);
  std::swap(dentry_, other.dentry_);
  return *this;
}
Path::~Path() = default;

}  // namespace vfs
