// devtmpfs: a tmpfs with a node for each device that the kernel knows, made anew at each mount.

#include "fs/tmpfs/tmpfs.hpp"
#include "fs/vfs/mount.hpp"
#include "kernel/lib/subsystem.hpp"

namespace devfs {
namespace {

using vfs::FileType;

struct Node {
  const char* name;
  FileType type;
  vfs::DeviceNumber number;
  u32 permissions;
};
// Linux's numbers (Documentation/admin-guide/devices.txt).
constexpr Node kNodes[] = {
    {"null", FileType::Character, {1, 3}, 0666},    {"zero", FileType::Character, {1, 5}, 0666},
    {"full", FileType::Character, {1, 7}, 0666},    {"random", FileType::Character, {1, 8}, 0666},
    {"urandom", FileType::Character, {1, 9}, 0666}, {"kmsg", FileType::Character, {1, 11}, 0644},
    {"console", FileType::Character, {5, 1}, 0600}, {"ttyS0", FileType::Character, {4, 64}, 0660},
    {"tty", FileType::Character, {5, 0}, 0666},     {"ptmx", FileType::Character, {5, 2}, 0666},
};

Result<lib::Ref<vfs::FileSystem>> mount_devfs(std::string_view, u32, std::string_view, const vfs::WalkContext&) {
  auto fresh = TRY(tmpfs::Tmpfs::create("devtmpfs", 0755, mm::count_frames().total / 2));
  auto root = TRY(fresh->root());
  for (const Node& entry : kNodes) {
    vfs::NewNode node;
    node.type = entry.type;
    node.permissions = entry.permissions;
    node.device_number = entry.number;
    TRY(root->names.with([&](vfs::Inode::Names&) { return root->create(entry.name, node); }));
  }
  // Where programs expect the pseudo-terminals and shared memory to be mounted.
  for (const char* name : {"pts", "shm"}) {
    vfs::NewNode node;
    node.type = FileType::Directory;
    node.permissions = 0755;
    TRY(root->names.with([&](vfs::Inode::Names&) { return root->create(name, node); }));
  }
  return lib::Ref<vfs::FileSystem>(fresh);
}

constexpr vfs::FileSystemType kType = {"devtmpfs", false, mount_devfs};

class DevfsSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "devfs"; }
  void on_early_init(kernel::Kernel&) override { vfs::register_type(kType); }
};
REGISTER_SUBSYSTEM(DevfsSubsystem);

}  // namespace
}  // namespace devfs
