#include "fs/vfs/anonymous.hpp"

#include "fs/vfs/mount.hpp"
#include "kernel/lib/format.hpp"

namespace vfs {
namespace {

class AnonymousInode final : public Inode {
 public:
  AnonymousInode(FileSystem& file_system, u64 number, FileType type) : Inode(file_system) {
    NewNode node;
    node.type = type;
    node.permissions = 0600;
    set_attributes(node);
    set_identity(number, type);
  }
};

class AnonymousFileSystem final : public FileSystem {
 public:
  const char* type_name() const override { return "anonfs"; }
  Result<lib::Ref<Inode>> root() override { return make(FileType::Directory); }
  FileSystemInfo info() override {
    FileSystemInfo info;
    info.magic = 0x09041934;  // ANON_INODE_FS_MAGIC
    return info;
  }
  Result<lib::Ref<Inode>> make(FileType type) {
    lib::Ref<Inode> inode = TRY(lib::make_ref<AnonymousInode>(*this, next_number_.fetch_add(1), type));
    return inode;
  }

 private:
  std::atomic<u64> next_number_ = 1;
};

struct Anonymous {
  lib::Ref<AnonymousFileSystem> file_system;
  lib::Ref<Mount> mount;
};
sync::Locked<Anonymous, sync::LockClass::FileSystemTypes> g_anonymous;

Result<Anonymous> anonymous_file_system() {
  return g_anonymous.with([](Anonymous& shared) -> Result<Anonymous> {
    if (!shared.mount) {
      auto file_system = TRY(lib::make_ref<AnonymousFileSystem>());
      auto root = TRY(Dentry::make_root(TRY(file_system->root())));
      shared.mount = TRY(lib::make_ref<Mount>(lib::Ref<FileSystem>(file_system), std::move(root), 0, 0));
      shared.file_system = std::move(file_system);
    }
    return Anonymous{shared.file_system, shared.mount};
  });
}

}  // namespace

Result<Path> anonymous_path(const char* kind, FileType type) {
  const Anonymous shared = TRY(anonymous_file_system());
  lib::Ref<Inode> inode = TRY(shared.file_system->make(type));
  char name[48];
  const usize length = lib::format_into(name, sizeof(name), "%s:[%lu]", kind, inode->number());
  auto dentry = TRY(Dentry::make_root(std::move(inode), {name, length}));
  return Path(shared.mount, std::move(dentry));
}

}  // namespace vfs
