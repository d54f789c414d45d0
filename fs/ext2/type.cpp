// mount -t ext2.

#include "fs/ext2/ext2.hpp"
#include "fs/vfs/mount.hpp"
#include "fs/vfs/namei.hpp"
#include "kernel/block/registry.hpp"
#include "kernel/lib/subsystem.hpp"

namespace ext2 {
namespace {

Result<lib::Ref<vfs::FileSystem>> mount_ext2(std::string_view source, u32 flags, std::string_view options,
                                             const vfs::WalkContext& context) {
  const vfs::Path place = TRY(vfs::resolve(context, source));
  const vfs::Attributes node = place.inode()->attributes();
  if (node.type != vfs::FileType::Block) return Err(Errno::ENOTBLK);
  if ((place.mount().flags() & vfs::mount_flag::kNodev) != 0) return Err(Errno::EACCES);
  auto device = block::find(block::Number{node.device_number.major, node.device_number.minor});
  if (!device) return Err(Errno::ENXIO);
  const bool read_only = (flags & vfs::mount_flag::kReadOnly) != 0;
  lib::Ref<vfs::FileSystem> mounted = TRY(Ext2::mount(std::move(device), read_only, options));
  return mounted;
}

constexpr vfs::FileSystemType kType = {"ext2", true, mount_ext2};

class Ext2Subsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "ext2"; }
  void on_early_init(kernel::Kernel&) override { vfs::register_type(kType); }
};
REGISTER_SUBSYSTEM(Ext2Subsystem);

}  // namespace
}  // namespace ext2
