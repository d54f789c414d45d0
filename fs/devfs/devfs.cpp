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

// The name in `folder`; made unless it is there.
Result<lib::Ref<vfs::Inode>> make_in(vfs::Inode& folder, std::string_view name, const vfs::NewNode& node) {
  return folder.names.with([&](vfs::Inode::Names&) -> Result<lib::Ref<vfs::Inode>> {
    if (auto known = folder.look_up(name)) return known;
    return folder.create(name, node);
  });
}

// Folders on the way ("input/event0") are made as well, and stay.
Status make_node(tmpfs::Tmpfs& file_system, std::string_view name, FileType type, vfs::DeviceNumber number,
                 u32 permissions) {
  auto folder = TRY(file_system.root());
  for (usize slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/')) {
    vfs::NewNode node;
    node.type = FileType::Directory;
    node.permissions = 0755;
    folder = TRY(make_in(*folder, name.substr(0, slash), node));
    name.remove_prefix(slash + 1);
  }
  vfs::NewNode node;
  node.type = type;
  node.permissions = permissions;
  node.device_number = number;
  TRY(make_in(*folder, name, node));
  return {};
}

void remove_from(tmpfs::Tmpfs& file_system, std::string_view name, vfs::DeviceNumber number) {
  auto folder = file_system.root();
  for (usize slash = name.find('/'); folder && slash != std::string_view::npos; slash = name.find('/')) {
    folder = (*folder)->names.with([&](vfs::Inode::Names&) { return (*folder)->look_up(name.substr(0, slash)); });
    name.remove_prefix(slash + 1);
  }
  if (!folder) return;
  (*folder)->names.with([&](vfs::Inode::Names&) {
    auto node = (*folder)->look_up(name);
    if (node && (*node)->attributes().device_number == number) static_cast<void>((*folder)->unlink(name, **node));
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
