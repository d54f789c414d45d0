#include "fs/tmpfs/tmpfs.hpp"

#include <cstring>

#include "fs/vfs/mount.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/subsystem.hpp"

namespace tmpfs {
namespace {

constexpr u64 kMagic = 0x01021994;  // TMPFS_MAGIC, include/uapi/linux/magic.h
// "size=64m,mode=1777": what mount(8) passes.
Result<lib::Ref<vfs::FileSystem>> mount_tmpfs(std::string_view, u32, std::string_view data, const vfs::WalkContext&) {
  u64 limit = mm::count_frames().total / 2;
  u32 permissions = 01777;
  while (!data.empty()) {
    const usize end = std::min(data.find(','), data.size());
    const lib::CommandLine option(data.substr(0, end));
    if (const auto size = option.size("size")) limit = pages_for(*size);
    if (const auto mode = option.value("mode")) {
      char octal[16] = "0";
      if (mode->size() >= sizeof(octal) - 1) return Err(Errno::EINVAL);
      std::memcpy(octal + 1, mode->data(), mode->size());
      const auto value = lib::parse_number({octal, mode->size() + 1});
      if (!value) return Err(Errno::EINVAL);
      permissions = static_cast<u32>(*value);
    }
    data.remove_prefix(std::min(end + 1, data.size()));
  }
  lib::Ref<vfs::FileSystem> fresh = TRY(Tmpfs::create("tmpfs", permissions, limit));
  return fresh;
}

constexpr vfs::FileSystemType kType = {"tmpfs", false, mount_tmpfs};

class TmpfsSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "tmpfs"; }
  void on_early_init(kernel::Kernel&) override { vfs::register_type(kType); }
};
REGISTER_SUBSYSTEM(TmpfsSubsystem);

}  // namespace

Result<lib::Ref<Tmpfs>> Tmpfs::create(const char* type_name, u32 root_permissions, u64 limit_pages) {
  auto fresh = TRY(lib::make_ref<Tmpfs>(type_name, TRY(lib::make_ref<mm::PageBudget>(limit_pages))));
  vfs::NewNode node;
  node.type = vfs::FileType::Directory;
  node.permissions = root_permissions;
  fresh->root_ = TRY(TmpfsInode::create(*fresh, node)).leak();
  return fresh;
}

Tmpfs::~Tmpfs() {
  if (root_ != nullptr) root_->release();
}

Result<lib::Ref<vfs::Inode>> Tmpfs::root() { return lib::Ref<vfs::Inode>(root_); }

vfs::FileSystemInfo Tmpfs::info() {
  vfs::FileSystemInfo info;
  info.magic = kMagic;
  info.blocks = budget_->limit();
  info.free_blocks = info.available_blocks = budget_->limit() - std::min(budget_->used(), budget_->limit());
  info.files = inodes_.load(std::memory_order_relaxed);
  return info;
}

std::string_view TmpfsInode::EntryName::operator()(const Entry& entry) const { return entry.name.view(); }

Result<lib::Ref<TmpfsInode>> TmpfsInode::create(Tmpfs& file_system, const vfs::NewNode& node) {
  auto inode = TRY(lib::make_ref<TmpfsInode>(file_system));
  inode->set_identity(file_system.next_number(), node.type);
  inode->set_attributes(node);
  if (node.type == vfs::FileType::Directory) inode->set_links(2);
  if (node.type == vfs::FileType::Regular) {
    inode->object_ = TRY(mm::MemoryObject::create(0, file_system.budget()));
  }
  return inode;
}

}  // namespace tmpfs
