// devpts: a node for each pseudo-terminal whose master is open, by its number; and ptmx, which makes new ones.
//
// There is one set of pseudo-terminals, which every mount shows; the options of the latest mount count for the nodes
// made from then on. Nodes are made when they are looked up: what they say is the pseudo-terminal's.

#include "fs/vfs/mount.hpp"
#include "fs/vfs/special.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/tty/pty.hpp"

namespace devpts {
namespace {

using vfs::FileType;

constexpr u64 kMagic = 0x1cd1;  // DEVPTS_SUPER_MAGIC
constexpr u64 kRootNumber = 1, kPtmxNumber = 2, kFirstNumber = 3;
constexpr u32 kAuxMajor = 5, kPtmxMinor = 2;

struct Options {
  u32 mode = 0600, ptmx_mode = 0;
  bool has_gid = false, has_uid = false;
  u32 gid = 0, uid = 0;
};
sync::Locked<Options, sync::LockClass::FileSystemTypes> g_options;

class PtmxNode final : public vfs::Inode {
 public:
  PtmxNode(vfs::FileSystem& file_system, u32 permissions) : Inode(file_system) {
    vfs::NewNode node;
    node.type = FileType::Character;
    node.permissions = permissions;
    node.device_number = {kAuxMajor, kPtmxMinor};
    set_attributes(node);
    set_identity(kPtmxNumber, FileType::Character);
  }
};

class SlaveNode final : public vfs::Inode {
 public:
  SlaveNode(vfs::FileSystem& file_system, u32 number) : Inode(file_system), index_(number) {
    vfs::NewNode node;
    node.type = FileType::Character;
    node.device_number = {tty::Pty::kMajor, number};
    set_attributes(node);
    set_identity(kFirstNumber + number, FileType::Character);
  }
  vfs::Attributes attributes() override {
    vfs::Attributes shown = Inode::attributes();
    if (const lib::Ref<tty::Pty> pty = tty::Pty::find(index_)) {
      const tty::Pty::Owner owner = pty->owner();
      shown.permissions = owner.permissions;
      shown.uid = owner.uid;
      shown.gid = owner.gid;
    }
    return shown;
  }
  Status change_attributes(const Change& change) override {
    if (const lib::Ref<tty::Pty> pty = tty::Pty::find(index_)) {
      tty::Pty::Owner owner = pty->owner();
      if (change.set_permissions) owner.permissions = change.permissions & vfs::kPermissionMask;
      if (change.set_uid) owner.uid = change.uid;
      if (change.set_gid) owner.gid = change.gid;
      pty->set_owner(owner);
    }
    return Inode::change_attributes(change);
  }

 private:
  const u32 index_;
};

class Root final : public vfs::Inode {
 public:
  explicit Root(vfs::FileSystem& file_system) : Inode(file_system) {
    vfs::NewNode node;
    node.type = FileType::Directory;
    node.permissions = 0755;
    set_attributes(node);
    set_identity(kRootNumber, FileType::Directory);
  }
  bool names_are_stable() const override { return false; }

  Result<lib::Ref<vfs::Inode>> look_up(std::string_view name) override {
    lib::Ref<vfs::Inode> node;
    if (name == "ptmx") {
      node = TRY(lib::make_ref<PtmxNode>(file_system(), g_options.with([](Options& o) { return o.ptmx_mode; })));
      return node;
    }
    const bool is_plain = name.find_first_not_of("0123456789") == name.npos && (name == "0" || name.front() != '0');
    const auto number = is_plain ? lib::parse_number(name) : std::nullopt;
    if (!number || *number >= tty::Pty::kMost) return Err(Errno::ENOENT);
    const lib::Ref<tty::Pty> pty = tty::Pty::find(static_cast<u32>(*number));
    if (!pty || !pty->has_master()) return Err(Errno::ENOENT);
    node = TRY(lib::make_ref<SlaveNode>(file_system(), pty->index()));
    return node;
  }

  Status list(u64 position, vfs::DirectorySink& sink) override {
    if (position <= 2 && !sink.add("ptmx", kPtmxNumber, FileType::Character, 3)) return {};
    const u32 first = position < 3 ? 0 : static_cast<u32>(position - 3);
    const auto show = [](void* context, u32 number) {
      char name[16];
      const usize length = lib::format_into(name, sizeof(name), "%u", number);
      return static_cast<vfs::DirectorySink*>(context)->add({name, length}, kFirstNumber + number, FileType::Character,
                                                            u64{number} + 4);
    };
    tty::Pty::list(first, show, &sink);
    return {};
  }
};

class Devpts final : public vfs::FileSystem {
 public:
  const char* type_name() const override { return "devpts"; }
  Result<lib::Ref<vfs::Inode>> root() override {
    lib::Ref<vfs::Inode> root = TRY(lib::make_ref<Root>(*this));
    return root;
  }
  vfs::FileSystemInfo info() override {
    vfs::FileSystemInfo info;
    info.magic = kMagic;
    return info;
  }
};

Result<u32> octal(std::string_view text) {
  u32 value = 0;
  if (text.empty() || text.size() > 6) return Err(Errno::EINVAL);
  for (const char c : text) {
    if (c < '0' || c > '7') return Err(Errno::EINVAL);
    value = value * 8 + static_cast<u32>(c - '0');
  }
  return value & vfs::kPermissionMask;
}

// "gid=5,mode=620,ptmxmode=666": what mount(8) passes. Unknown words are refused.
Result<Options> parse_options(std::string_view data) {
  Options options;
  while (!data.empty()) {
    const usize end = std::min(data.find(','), data.size());
    const std::string_view word = data.substr(0, end);
    const lib::CommandLine option(word);
    if (const auto mode = option.value("mode")) {
      options.mode = TRY(octal(*mode));
    } else if (const auto ptmx = option.value("ptmxmode")) {
      options.ptmx_mode = TRY(octal(*ptmx));
    } else if (const auto gid = option.number("gid")) {
      options.has_gid = true;
      options.gid = static_cast<u32>(*gid);
    } else if (const auto uid = option.number("uid")) {
      options.has_uid = true;
      options.uid = static_cast<u32>(*uid);
    } else if (word != "newinstance" && !word.empty()) {
      return Err(Errno::EINVAL);
    }
    data.remove_prefix(std::min(end + 1, data.size()));
  }
  return options;
}

Result<lib::Ref<vfs::FileSystem>> mount_devpts(std::string_view, u32, std::string_view data, const vfs::WalkContext&) {
  const Options options = TRY(parse_options(data));
  lib::Ref<vfs::FileSystem> fresh = TRY(lib::make_ref<Devpts>());
  g_options.with([&](Options& mine) { mine = options; });
  return fresh;
}

// Who opens the master owns the slave. The walk has checked the node's permissions; the caller's identity is that of
// the thread.
Result<lib::Ref<vfs::File>> open_master(void*, vfs::DeviceNumber, const vfs::Path& path, u32 flags) {
  const Options options = g_options.with([](Options& o) { return o; });
  tty::Pty::Owner owner{
      .permissions = options.mode, .uid = tty::job_control().current_uid(), .gid = tty::job_control().current_gid()};
  if (options.has_uid) owner.uid = options.uid;
  if (options.has_gid) owner.gid = options.gid;
  return tty::open_pty_master(path, flags, owner);
}

Result<lib::Ref<vfs::File>> open_slave(void*, vfs::DeviceNumber number, const vfs::Path& path, u32 flags) {
  return tty::open_pty_slave(number.minor, path, flags);
}

constexpr vfs::FileSystemType kType = {"devpts", false, mount_devpts};

class DevptsSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "devpts"; }
  void on_early_init(kernel::Kernel&) override { vfs::register_type(kType); }
  void on_late_init(kernel::Kernel&) override {
    static_cast<void>(vfs::register_device(FileType::Character, kAuxMajor, kPtmxMinor, 1, open_master, nullptr));
    static_cast<void>(
        vfs::register_device(FileType::Character, tty::Pty::kMajor, 0, tty::Pty::kMost, open_slave, nullptr));
  }
};
REGISTER_SUBSYSTEM(DevptsSubsystem);

}  // namespace
}  // namespace devpts
