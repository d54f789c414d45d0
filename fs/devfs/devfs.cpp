#include "fs/devfs/devfs.hpp"

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

// A device that came after the start.
struct LateNode {
  lib::String name;
  FileType type;
  vfs::DeviceNumber number;
  u32 permissions;
};
struct Late {
  lib::Vector<LateNode> nodes;
  lib::Vector<lib::Ref<tmpfs::Tmpfs>> mounted;
};
// Held while nodes are made in the file systems, whose locks come later in the order.
sync::Locked<Late, sync::LockClass::FileSystemTypes> g_late;

Status make_node(tmpfs::Tmpfs& file_system, std::string_view name, FileType type, vfs::DeviceNumber number,
                 u32 permissions) {
  vfs::NewNode node;
  node.type = type;
  node.permissions = permissions;
  node.device_number = number;
  auto root = TRY(file_system.root());
  TRY(root->names.with([&](vfs::Inode::Names&) -> Status {
    if (root->look_up(name)) return {};
    TRY(root->create(name, node));
    return {};
  }));
  return {};
}

void remove_from(tmpfs::Tmpfs& file_system, std::string_view name, vfs::DeviceNumber number) {
  auto root = file_system.root();
  if (!root) return;
  (*root)->names.with([&](vfs::Inode::Names&) {
    auto node = (*root)->look_up(name);
    if (node && (*node)->attributes().device_number == number) static_cast<void>((*root)->unlink(name, **node));
  });
}

// File systems that nobody has mounted any more.
void forget_unmounted(Late& late) {
  for (usize i = late.mounted.size(); i-- > 0;) {
    if (late.mounted[i]->reference_count() == 1) late.mounted.remove_at(i);
  }
}

Result<lib::Ref<vfs::FileSystem>> mount_devfs(std::string_view, u32, std::string_view, const vfs::WalkContext&) {
  auto fresh = TRY(tmpfs::Tmpfs::create("devtmpfs", 0755, mm::count_frames().total / 2));
  fresh->set_names_unstable();
  for (const Node& entry : kNodes) TRY(make_node(*fresh, entry.name, entry.type, entry.number, entry.permissions));
  // Where programs expect the pseudo-terminals and shared memory to be mounted.
  for (const char* name : {"pts", "shm"}) TRY(make_node(*fresh, name, FileType::Directory, {}, 0755));
  TRY(g_late.with([&](Late& late) -> Status {
    forget_unmounted(late);
    for (const LateNode& node : late.nodes) {
      TRY(make_node(*fresh, node.name.view(), node.type, node.number, node.permissions));
    }
    return late.mounted.push(fresh);
  }));
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

Status add_node(std::string_view name, FileType type, vfs::DeviceNumber number, u32 permissions) {
  return g_late.with([&](Late& late) -> Status {
    TRY(late.nodes.push({TRY(lib::String::copy(name)), type, number, permissions}));
    for (auto& mounted : late.mounted) TRY(make_node(*mounted, name, type, number, permissions));
    return {};
  });
}

void remove_node(std::string_view name) {
  g_late.with([&](Late& late) {
    for (usize i = 0; i < late.nodes.size(); ++i) {
      if (late.nodes[i].name.view() != name) continue;
      for (auto& mounted : late.mounted) remove_from(*mounted, name, late.nodes[i].number);
      late.nodes.remove_at(i);
      return;
    }
  });
}

}  // namespace devfs
