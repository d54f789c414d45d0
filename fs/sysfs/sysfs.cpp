// The file system type itself.
#include "fs/sysfs/sysfs.hpp"

#include "fs/sysfs/node.hpp"
#include "fs/vfs/mount.hpp"
#include "kernel/lib/subsystem.hpp"

namespace sysfs {
namespace {

constexpr u64 kMagic = 0x62656572;  // SYSFS_MAGIC

class Sysfs final : public vfs::FileSystem {
 public:
  const char* type_name() const override { return "sysfs"; }
  Result<lib::Ref<vfs::Inode>> root() override { return make_node(*this, kRootNumber, root_entry()); }
  vfs::FileSystemInfo info() override {
    vfs::FileSystemInfo info;
    info.magic = kMagic;
    return info;
  }
};

Result<lib::Ref<vfs::FileSystem>> mount_sysfs(std::string_view, u32, std::string_view, const vfs::WalkContext&) {
  lib::Ref<vfs::FileSystem> fresh = TRY(lib::make_ref<Sysfs>());
  return fresh;
}

constexpr vfs::FileSystemType kType = {"sysfs", false, mount_sysfs};

class SysfsSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "sysfs"; }
  void on_early_init(kernel::Kernel&) override { vfs::register_type(kType); }
};
REGISTER_SUBSYSTEM(SysfsSubsystem);

}  // namespace
}  // namespace sysfs
