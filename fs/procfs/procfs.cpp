#include "fs/procfs/procfs.hpp"

#include <algorithm>
#include <cstring>

#include "fs/procfs/node.hpp"
#include "fs/vfs/mount.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/lib/subsystem.hpp"

namespace procfs {
namespace {

using vfs::FileType;
using vfs::TextFile;

constexpr u64 kMagic = 0x9fa0;  // PROC_SUPER_MAGIC

struct KernelFile {
  const char* name;
  Generate generate;
  Control write;  // one of the two is null
};
lib::Vector<KernelFile> g_files;  // complete after initialization
ProcessSource* g_processes = nullptr;

constexpr u64 kRootNumber = 1, kFirstFile = 2, kSelfNumber = 200;

class KernelFileNode final : public Node {
 public:
  KernelFileNode(vfs::FileSystem& file_system, usize index)
      : Node(file_system, kFirstFile + index, FileType::Regular, g_files[index].write != nullptr ? 0200 : 0444),
        kernel_file_(g_files[index]) {}
  Result<lib::Ref<vfs::File>> open(const vfs::Path& path, u32 flags, const vfs::Credentials&) override {
    if (kernel_file_.write != nullptr) return open_control(path, flags, kernel_file_.write);
    Text text;
    kernel_file_.generate(text);
    if (text.failed()) return Err(Errno::ENOMEM);
    lib::Ref<vfs::File> file = TRY(lib::make_ref<TextFile>(path, flags, std::move(text)));
    return file;
  }

 private:
  const KernelFile& kernel_file_;
};

class ProcessFileNode final : public Node {
 public:
  ProcessFileNode(vfs::FileSystem& file_system, i32 pid, usize index, const ProcessFile& file, u32 uid, u32 gid)
      : Node(file_system, process_number(pid, index + 1), file.type, file.permissions, uid, gid),
        pid_(pid),
        file_(file) {}
  Result<lib::Ref<vfs::File>> open(const vfs::Path& path, u32 flags, const vfs::Credentials&) override {
    if (file_.type != FileType::Regular) return Err(Errno::ELOOP);
    Text text;
    if (!file_.generate(pid_, text)) return Err(Errno::ESRCH);
    if (text.failed()) return Err(Errno::ENOMEM);
    lib::Ref<vfs::File> file = TRY(lib::make_ref<TextFile>(path, flags, std::move(text)));
    return file;
  }
  Result<usize> read_link(std::span<char> buffer) override {
    if (file_.type != FileType::Symlink) return Err(Errno::EINVAL);
    Text text;
    if (!file_.generate(pid_, text)) return Err(Errno::ENOENT);
    const usize length = std::min(buffer.size(), text.view().size());
    std::memcpy(buffer.data(), text.view().data(), length);
    return length;
  }
  Result<bool> follow(vfs::Path* target) override {
    if (file_.place == nullptr) return false;
    *target = TRY(file_.place(pid_));
    return true;
  }

 private:
  const i32 pid_;
  const ProcessFile& file_;
};

class ProcessDirectory final : public Node {
 public:
  ProcessDirectory(vfs::FileSystem& file_system, i32 pid, u32 uid, u32 gid)
      : Node(file_system, process_number(pid, 0), FileType::Directory, 0555, uid, gid),
        pid_(pid),
        uid_(uid),
        gid_(gid) {}
  Result<lib::Ref<vfs::Inode>> look_up(std::string_view name) override {
    if (!g_processes->exists(pid_)) return Err(Errno::ENOENT);
    if (name == kDescriptorsName) return make_descriptors(file_system(), *g_processes, pid_, uid_, gid_);
    const auto files = g_processes->files();
    for (usize i = 0; i < files.size(); ++i) {
      if (name != files[i].name) continue;
      lib::Ref<vfs::Inode> node = TRY(lib::make_ref<ProcessFileNode>(file_system(), pid_, i, files[i], uid_, gid_));
      return node;
    }
    return Err(Errno::ENOENT);
  }
  Status list(u64 position, vfs::DirectorySink& sink) override {
    const auto files = g_processes->files();
    for (usize i = position < 2 ? 0 : position - 2; i < files.size(); ++i) {
      if (!sink.add(files[i].name, process_number(pid_, i + 1), files[i].type, i + 3)) return {};
    }
    if (position <= files.size() + 2) {
      sink.add(kDescriptorsName, process_number(pid_, kFirstDescriptor - 1), FileType::Directory, files.size() + 3);
    }
    return {};
  }

 private:
  const i32 pid_;
  const u32 uid_, gid_;
};

// /proc/self and what stands for a file of it.
class SelfLink final : public Node {
 public:
  SelfLink(vfs::FileSystem& file_system, const char* below)
      : Node(file_system, kSelfNumber, FileType::Symlink, 0777), below_(below) {}
  Result<usize> read_link(std::span<char> buffer) override {
    if (*below_ != 0) return lib::format_into(buffer.data(), buffer.size(), "self/%s", below_);
    return lib::format_into(buffer.data(), buffer.size(), "%d", g_processes->current());
  }

 private:
  const char* const below_;
};

// "net" of "net/dev"; empty where a name has no folder.
std::string_view folder_of(std::string_view name) {
  const usize slash = name.find('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

// The first of the kernel's files in this folder; g_files.size(): there is none.
usize first_in_folder(std::string_view folder) {
  for (usize i = 0; i < g_files.size(); ++i) {
    if (folder_of(g_files[i].name) == folder) return i;
  }
  return g_files.size();
}

// A folder of the kernel's files. Its number is that of its first file, out of the way of the files' own.
class FolderNode final : public Node {
 public:
  static constexpr u64 kNumberOffset = 100;
  FolderNode(vfs::FileSystem& file_system, usize first)
      : Node(file_system, kFirstFile + kNumberOffset + first, FileType::Directory, 0555),
        folder_(folder_of(g_files[first].name)) {}
  Result<lib::Ref<vfs::Inode>> look_up(std::string_view name) override {
    for (usize i = 0; i < g_files.size(); ++i) {
      if (!is_here(i) || file_name(i) != name) continue;
      lib::Ref<vfs::Inode> node = TRY(lib::make_ref<KernelFileNode>(file_system(), i));
      return node;
    }
    return Err(Errno::ENOENT);
  }
  Status list(u64 position, vfs::DirectorySink& sink) override {
    for (usize i = position < 2 ? 0 : position - 2; i < g_files.size(); ++i) {
      if (is_here(i) && !sink.add(file_name(i), kFirstFile + i, FileType::Regular, i + 3)) break;
    }
    return {};
  }

 private:
  bool is_here(usize index) const { return folder_of(g_files[index].name) == folder_; }
  std::string_view file_name(usize index) const {
    return std::string_view(g_files[index].name).substr(folder_.size() + 1);
  }
  const std::string_view folder_;
};

class Root final : public Node {
 public:
  explicit Root(vfs::FileSystem& file_system) : Node(file_system, kRootNumber, FileType::Directory, 0555) {}

  Result<lib::Ref<vfs::Inode>> look_up(std::string_view name) override {
    lib::Ref<vfs::Inode> node;
    if (name == "self" || name == "mounts") {
      node = TRY(lib::make_ref<SelfLink>(file_system(), name == "self" ? "" : "mounts"));
      return node;
    }
    for (usize i = 0; i < g_files.size(); ++i) {
      if (name != g_files[i].name) continue;
      node = TRY(lib::make_ref<KernelFileNode>(file_system(), i));
      return node;
    }
    if (const usize first = first_in_folder(name); first != g_files.size()) {
      node = TRY(lib::make_ref<FolderNode>(file_system(), first));
      return node;
    }
    const auto pid = name.front() == '0' ? std::nullopt : lib::parse_number(name);
    if (!pid || *pid > INT32_MAX || !g_processes->exists(static_cast<i32>(*pid))) return Err(Errno::ENOENT);
    u32 uid = 0, gid = 0;
    g_processes->owner(static_cast<i32>(*pid), uid, gid);
    node = TRY(lib::make_ref<ProcessDirectory>(file_system(), static_cast<i32>(*pid), uid, gid));
    return node;
  }

  // Positions: 2 is self, then the kernel's files, then processes by number.
  Status list(u64 position, vfs::DirectorySink& sink) override {
    const u64 first_process = kFirstFile + 1 + g_files.size();
    position = std::max<u64>(position, 2);
    if (position == 2 && !sink.add("self", kSelfNumber, FileType::Symlink, 3)) return {};
    for (u64 at = std::max<u64>(position, 3); at < first_process; ++at) {
      const usize index = at - 3;
      const std::string_view folder = folder_of(g_files[index].name);
      if (!folder.empty() && first_in_folder(folder) != index) continue;
      const bool is_file = folder.empty();
      if (!sink.add(is_file ? g_files[index].name : folder,
                    kFirstFile + index + (is_file ? 0 : FolderNode::kNumberOffset),
                    is_file ? FileType::Regular : FileType::Directory, at + 1)) {
        return {};
      }
    }
    i32 pid = position > first_process ? static_cast<i32>(position - first_process) : 1;
    while ((pid = g_processes->next(pid)) != 0) {
      char name[16];
      const usize length = lib::format_into(name, sizeof(name), "%d", pid);
      ++pid;
      if (!sink.add({name, length}, process_number(pid - 1, 0), FileType::Directory,
                    first_process + static_cast<u64>(pid))) {
        return {};
      }
    }
    return {};
  }
};

class Procfs final : public vfs::FileSystem {
 public:
  const char* type_name() const override { return "proc"; }
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

Result<lib::Ref<vfs::FileSystem>> mount_procfs(std::string_view, u32, std::string_view, const vfs::WalkContext&) {
  if (g_processes == nullptr) return Err(Errno::ENODEV);
  lib::Ref<vfs::FileSystem> fresh = TRY(lib::make_ref<Procfs>());
  return fresh;
}

constexpr vfs::FileSystemType kType = {"proc", false, mount_procfs};

class ProcfsSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "procfs"; }
  void on_early_init(kernel::Kernel&) override { vfs::register_type(kType); }
};
REGISTER_SUBSYSTEM(ProcfsSubsystem);

}  // namespace

Status register_file(const char* name, Generate generate) { return g_files.push({name, generate, nullptr}); }
Status register_control(const char* name, Control write) { return g_files.push({name, nullptr, write}); }
void set_process_source(ProcessSource& source) { g_processes = &source; }

}  // namespace procfs
