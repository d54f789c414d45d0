#include "fs/vfs/directory_file.hpp"

#include "fs/vfs/mount.hpp"

namespace vfs {
namespace {

// Passes entries on and remembers where the listing stands.
class TrackingSink final : public DirectorySink {
 public:
  TrackingSink(DirectorySink& target, u64& position) : target_(target), position_(position) {}
  bool add(std::string_view name, u64 inode, FileType type, u64 next_position) override {
    if (!target_.add(name, inode, type, next_position)) return false;
    position_ = next_position;
    return true;
  }

 private:
  DirectorySink& target_;
  u64& position_;
};

u64 parent_number(const Path& path) {
  Path at = path;
  while (&at.dentry() == &at.mount().root()) {
    Path below = covered_by(at);
    if (below == at) break;
    at = std::move(below);
  }
  return at.dentry().parent()->inode()->number();
}

}  // namespace

Result<u64> DirectoryFile::seek(i64 offset, Whence whence) {
  return offset_.with([&](Offset& state) -> Result<u64> {
    if (whence != Whence::Set && whence != Whence::Current) return Err(Errno::EINVAL);
    const i64 target = whence == Whence::Set ? offset : static_cast<i64>(state.position) + offset;
    if (target < 0) return Err(Errno::EINVAL);
    state.position = static_cast<u64>(target);
    return state.position;
  });
}

Status DirectoryFile::list(DirectorySink& sink) {
  lib::Ref<Inode> directory = inode();
  auto offset = offset_.lock();
  TrackingSink tracking(sink, offset->position);
  if (offset->position == 0 && !tracking.add(".", directory->number(), FileType::Directory, 1)) return {};
  if (offset->position == 1 && !tracking.add("..", parent_number(path()), FileType::Directory, 2)) return {};
  return directory->names.with([&](Inode::Names& names) -> Status {
    if (names.is_removed) return Err(Errno::ENOENT);
    return directory->list(offset->position, tracking);
  });
}

}  // namespace vfs
