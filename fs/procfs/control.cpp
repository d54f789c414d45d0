// Files of /proc that do something when they are written to.

#include "fs/procfs/node.hpp"
#include "fs/vfs/buffer.hpp"

namespace procfs {
namespace {

class ControlFile final : public vfs::File {
 public:
  ControlFile(vfs::Path path, u32 flags, Control write) : File(std::move(path), flags), write_(write) {}
  Result<usize> write(vfs::WriteBuffer& buffer, u64&) override {
    char text[128];
    const usize size = buffer.remaining();
    if (size > sizeof(text)) return Err(Errno::EINVAL);
    if (buffer.take(text, size) != size) return Err(Errno::EFAULT);
    TRY(write_({text, size}));
    return size;
  }
  // A shell's > truncates.
  Status truncate(u64) override { return {}; }

 private:
  const Control write_;
};

}  // namespace

Result<lib::Ref<vfs::File>> open_control(const vfs::Path& path, u32 flags, Control write) {
  lib::Ref<vfs::File> file = TRY(lib::make_ref<ControlFile>(path, flags, write));
  return file;
}

}  // namespace procfs
