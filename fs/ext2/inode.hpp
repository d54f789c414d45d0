// Files of an ext2 file system in memory.
//
// The generic attributes are the ones of vfs::Inode; they go to the inode table (in memory) in store(), which
// operations on names and blocks call at once and everything else when the inode is synced. An inode that has something
// to store or dirty pages is on its file system's dirty list, which holds a reference: one that nobody refers to is
// clean. What the volume's lock guards is marked [volume].
#pragma once

#include "fs/ext2/ext2.hpp"

namespace ext2 {

class Ext2Inode final : public vfs::Inode, public mm::PageStore, public lib::ListNode {
 public:
  explicit Ext2Inode(Ext2& file_system) : Inode(file_system) {}
  Ext2& ext2() const { return static_cast<Ext2&>(file_system()); }
  u32 id() const { return static_cast<u32>(number()); }

  // --- inode.cpp ---
  // From the disk [volume]. EUCLEAN for impossible contents.
  Status load(Volume& volume, const DiskInode& disk);
  // A new one [volume]. ENOMEM.
  Status make(Volume& volume, u32 number, const vfs::NewNode& node, u32 links);
  // Into the inode table's block, from where a commit takes it [volume].
  Status store(Volume& volume);
  // Deletes the contents and the inode: the last name and the last user are gone [volume].
  void erase(Volume& volume);
  // Writes pages and attributes into the volume's blocks; no commit.
  Status write_back_contents(bool wait);
  Status store_if_dirty();

  vfs::Attributes attributes() override;
  mm::VmObject* pages() override { return object_.get(); }
  mm::FileObject* object() { return object_.get(); }

  // --- directory.cpp: entries of a directory [volume] ---
  struct Slot {
    Block* block = nullptr;
    u32 offset = 0;
    DirectoryEntry& entry() const { return *block->as<DirectoryEntry>(offset); }
  };
  // ENOENT.
  Result<Slot> find_entry(Volume& volume, std::string_view name);
  // ENOSPC. `grow`: the directory may become larger. The slot that it got.
  Result<Slot> add_entry(Volume& volume, std::string_view name, u32 inode, vfs::FileType type, bool grow = true);
  // `hold`: the name stays on the disk until the inode is written. ENOMEM.
  Status remove_entry(Volume& volume, const Slot& slot, bool hold);
  void set_entry(Volume& volume, const Slot& slot, u32 inode, vfs::FileType type);
  Result<bool> is_empty(Volume& volume);
  // The first block of a new directory.
  Status make_first_block(Volume& volume, u32 parent);
  Status set_parent(Volume& volume, u32 parent);
  Result<u32> parent_of(Volume& volume);

  // --- names.cpp ---
  Result<lib::Ref<vfs::Inode>> look_up(std::string_view name) override;
  Result<lib::Ref<vfs::Inode>> create(std::string_view name, const vfs::NewNode& node) override;
  Result<lib::Ref<vfs::Inode>> create_symlink(std::string_view name, std::string_view target, u32 uid,
                                              u32 gid) override;
  Result<lib::Ref<vfs::Inode>> create_unnamed(const vfs::NewNode& node) override;
  Status link(std::string_view name, vfs::Inode& target) override;
  Status unlink(std::string_view name, vfs::Inode& target) override;
  Status remove_directory(std::string_view name, vfs::Inode& target) override;
  Status rename(std::string_view name, vfs::Inode& source, vfs::Inode& to, std::string_view new_name,
                vfs::Inode* replaced, bool exchange) override;
  Status list(u64 position, vfs::DirectorySink& sink) override;
  Result<usize> read_link(std::span<char> buffer) override;

  // --- contents.cpp ---
  Status read_pages(u64 first, std::span<mm::PageFrame* const> frames) override;
  Status write_pages(u64 first, std::span<mm::PageFrame* const> frames) override;
  Status reserve(u64 index, u32 from, u32 to, bool extends) override;
  bool reserves_parts() const override;
  void became_dirty() override;
  u64 max_size() const override;
  void set_size(u64 size) override;
  Status zero_tail() override;
  void give_back_excess() override;
  Status truncate(u64 size) override;
  Status sync(bool data_only) override;
  Status allocate_space(u32 mode, u64 offset, u64 length) override;

  ~Ext2Inode() override;

 protected:
  void last_reference_gone() override;
  void attributes_changed() override;

 private:
  friend class Ext2;
  Result<Block*> directory_block(Volume& volume, u32 index);
  Result<Slot> room_in(Volume& volume, Block& block, u32 needed);
  u32 directory_blocks(const Volume& volume) const;
  Status check_entry(Volume& volume, const Block& block, u32 offset);
  void fill_entry(Volume& volume, const Slot& slot, std::string_view name, u32 inode, vfs::FileType type);
  Result<lib::Ref<Ext2Inode>> make_child(Volume& volume, const vfs::NewNode& node, u32 links);
  Result<lib::Ref<vfs::Inode>> add_child(Volume& volume, std::string_view name, lib::Ref<Ext2Inode> child);
  Status write_symlink(Volume& volume, std::string_view target);
  // Its inode comes to the disk after that of a directory that gives it a name. ENOMEM.
  Status come_after(Volume& volume, const Ext2Inode& directory);
  Status prepare_store(Volume& volume);
  // -1: on the disk already, as far as its names go.
  i32 level(const Volume& volume) const { return level_epoch_ == volume.epoch() ? level_ : -1; }
  void set_level(const Volume& volume, i32 level) { level_epoch_ = volume.epoch(), level_ = level; }
  // The name was removed since the last commit, and the disk has it still: makes its place free, or takes it for
  // `inode`. False: there is no such name.
  Result<bool> take_held_name(Volume& volume, std::string_view name, u32 inode, vfs::FileType type);
  // A second name in lost+found, on the disk only, until the next commit is through.
  Result<bool> park(Volume& volume, u32 inode, vfs::FileType type);
  Status park(Volume& volume, Ext2Inode& file);
  void names_changed(Volume& volume);
  void drop_link(Volume& volume, u32 links);
  bool is_on_disk(const Volume& volume) const { return created_epoch_ != volume.epoch(); }
  Status exchange_names(Volume& volume, const Slot& from, Ext2Inode& source, Ext2Inode& to, const Slot& to_slot,
                        Ext2Inode& other);
  Status move_directory_name(Volume& volume, std::string_view name, Ext2Inode& source, Ext2Inode& to,
                             std::string_view new_name);
  Status free_attributes(Volume& volume);
  void wants_store() { attributes_dirty_.store(true, std::memory_order_release); }

  lib::Ref<mm::FileObject> object_;  // regular files

  // [volume]
  BlockMap map_;
  u32 flags_ = 0, generation_ = 0, attribute_block_ = 0;
  u32 delete_time_ = 0;
  u64 created_epoch_ = 0;  // 0: found on the disk
  u64 stored_epoch_ = 0;   // of the last store that fdatasync has to wait for
  i32 level_ = 0;          // see MaskedInode; of level_epoch_
  u64 level_epoch_ = 0;
  u64 held_epoch_ = 0;  // directories: when a name was held last
  u32 room_hint_ = 0;   // directories: no room for a name in the blocks before

  std::atomic<bool> attributes_dirty_ = false;
  std::atomic<bool> size_dirty_ = false;
  bool discarded_ = false;  // never became a file
  // InodeTable's lock.
  u64 dirty_since_ns_ = 0;
  bool dirty_list_holds_ = false;  // the dirty list has a reference to this; the table's lock
};

}  // namespace ext2
