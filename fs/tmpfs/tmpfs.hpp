// A file system in memory. The first root, /tmp, /dev and /dev/shm are of this type.
//
// Directories own their entries, an entry owns its inode; "." and ".." are not stored. Contents are MemoryObjects.
#pragma once

#include "fs/vfs/inode.hpp"
#include "kernel/lib/tree.hpp"
#include "kernel/lib/vector.hpp"
#include "kernel/mm/memory_object.hpp"

namespace tmpfs {

class TmpfsInode;

class Tmpfs final : public vfs::FileSystem {
 public:
  // `limit_pages` bounds the contents of all files together; ENOSPC beyond.
  static Result<lib::Ref<Tmpfs>> create(const char* type_name, u32 root_permissions, u64 limit_pages);

  const char* type_name() const override { return type_name_; }
  Result<lib::Ref<vfs::Inode>> root() override;
  vfs::FileSystemInfo info() override;

  u64 next_number() { return next_number_.fetch_add(1, std::memory_order_relaxed); }
  void count_inode(i32 delta) { inodes_.fetch_add(static_cast<u64>(delta), std::memory_order_relaxed); }
  const lib::Ref<mm::PageBudget>& budget() const { return budget_; }
  // The kernel makes names behind the back of the names that are cached (devtmpfs).
  void set_names_unstable() { names_stable_ = false; }
  bool names_stable() const { return names_stable_; }

  Tmpfs(const char* type_name, lib::Ref<mm::PageBudget> budget) : type_name_(type_name), budget_(std::move(budget)) {}
  ~Tmpfs() override;

 private:
  const char* const type_name_;
  const lib::Ref<mm::PageBudget> budget_;
  std::atomic<u64> next_number_ = 1;
  std::atomic<u64> inodes_ = 0;
  bool names_stable_ = true;
  TmpfsInode* root_ = nullptr;  // counted; it refers to us without a count
};

class TmpfsInode final : public vfs::Inode {
 public:
  static Result<lib::Ref<TmpfsInode>> create(Tmpfs& file_system, const vfs::NewNode& node);
  explicit TmpfsInode(Tmpfs& file_system) : Inode(file_system) { file_system.count_inode(1); }
  ~TmpfsInode() override;

  bool names_are_stable() const override;
  vfs::Attributes attributes() override;
  Result<lib::Ref<vfs::Inode>> look_up(std::string_view name) override;
  Result<lib::Ref<vfs::Inode>> create(std::string_view name, const vfs::NewNode& node) override;
  Result<lib::Ref<vfs::Inode>> create_symlink(std::string_view name, std::string_view target, u32 uid,
                                              u32 gid) override;
  Status link(std::string_view name, vfs::Inode& target) override;
  Status unlink(std::string_view name, vfs::Inode& target) override;
  Status remove_directory(std::string_view name, vfs::Inode& target) override;
  Status rename(std::string_view name, vfs::Inode& source, vfs::Inode& to, std::string_view new_name,
                vfs::Inode* replaced, bool exchange) override;
  Result<lib::Ref<vfs::Inode>> create_unnamed(const vfs::NewNode& node) override;
  Status list(u64 position, vfs::DirectorySink& sink) override;
  Result<usize> read_link(std::span<char> buffer) override;
  mm::VmObject* pages() override { return object_.get(); }
  void set_size(u64 size) override;
  Status truncate(u64 size) override;
  Status allocate_space(u32 mode, u64 offset, u64 length) override;

 private:
  struct Entry;
  struct EntryName {
    using type = std::string_view;
    std::string_view operator()(const Entry& entry) const;
  };
  struct PositionTag;
  using NameNode = lib::TreeNode;
  struct PositionNode : lib::TaggedListNode<PositionTag> {};
  // Both orders of one directory: by name for look-ups, by position (age) for listings.
  struct Entry : NameNode, PositionNode {
    lib::String name;
    u64 position = 0;
    lib::Ref<TmpfsInode> inode;
  };

  Tmpfs& tmpfs() { return static_cast<Tmpfs&>(file_system()); }
  Entry* find(std::string_view name);
  Status add_entry(std::string_view name, lib::Ref<TmpfsInode> inode);
  void remove_entry(Entry& entry);
  void names_changed() { touch(static_cast<u8>(Touch::Modify) | static_cast<u8>(Touch::Change)); }

  // Guarded by `names`.
  lib::Tree<Entry, EntryName> entries_;
  lib::List<Entry, PositionTag> by_position_;
  u64 next_position_ = 2;

  lib::Ref<mm::MemoryObject> object_;  // regular files
  lib::String target_;                 // symlinks
};

}  // namespace tmpfs
