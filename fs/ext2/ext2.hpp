// The ext2 file system (revisions 0 and 1, blocks of 1, 2 and 4 KiB), for reading and writing. docs/ext2.md.
//
// An Ext2 is one mounted device. Its volume (the metadata) has one lock; its inodes are found by number in a table with
// a spinning lock of its own, which holds no references. The dirty list holds one to each of its inodes that has a
// name.
#pragma once

#include "fs/ext2/volume.hpp"
#include "fs/vfs/inode.hpp"
#include "kernel/mm/file_object.hpp"

namespace ext2 {

class Ext2;
class Ext2Inode;

class Ext2 final : public vfs::FileSystem {
 public:
  // EINVAL, EROFS, EACCES (a write-protected device), EBUSY (mounted already), EIO, EUCLEAN. `options`: mount's.
  static Result<lib::Ref<Ext2>> mount(lib::Ref<block::Device> device, bool read_only, std::string_view options);

  const char* type_name() const override { return "ext2"; }
  Result<lib::Ref<vfs::Inode>> root() override;
  vfs::FileSystemInfo info() override;
  Status sync() override;
  Status remount(bool read_only, std::string_view options) override;
  void write_back(bool all) override;
  bool is_read_only() const override { return stopped_.load(std::memory_order_relaxed); }

  // The inode in memory, read if need be. The volume is locked. EUCLEAN: there is no file of this number.
  Result<lib::Ref<Ext2Inode>> inode(Volume& volume, u32 number);
  Status enter(Ext2Inode& inode);
  void leave(Ext2Inode& inode);
  // The last reference went.
  void dispose(Ext2Inode& inode);
  void add_dirty(Ext2Inode& inode);
  // It has no name any more: what is dirty of it need not be written once nobody has it open, so the dirty list gives
  // its reference back. The caller has one.
  void lost_its_name(Ext2Inode& inode);
  block::Device& device() { return *device_; }
  // Of the geometry, which does not change.
  u32 block_shift() const { return block_shift_; }
  u64 max_file_size() const { return max_file_size_; }
  // Null without one, and while not writing.
  Ext2Inode* lost_and_found() const { return lost_and_found_.get(); }

  // Calls function(Volume&) with the volume locked.
  template <class F>
  decltype(auto) with_volume(F&& function) {
    return volume_.with([&](Volume& volume) -> decltype(auto) {
      struct Look {
        Ext2& self;
        Volume& volume;
        ~Look() { self.note_state(volume); }
      } look{*this, volume};
      return function(volume);
    });
  }

  Ext2() = default;
  ~Ext2() override;

 private:
  struct Table {
    lib::RadixTree<Ext2Inode> inodes;
    lib::List<Ext2Inode> dirty;
  };
  static Status check_options(std::string_view options);
  Status erase_orphans();
  void find_lost_and_found();
  void note_state(const Volume& volume);
  lib::Ref<Ext2Inode> next_dirty(u64 older_than_ns);
  Status store_all(u64 older_than_ns, bool wait);

  lib::Ref<block::Device> device_;
  sync::Locked<Volume, sync::LockClass::FileSystem> volume_;
  sync::Locked<Table, sync::LockClass::InodeTable> table_;
  lib::Ref<Ext2Inode> lost_and_found_;
  u32 block_shift_ = 0;
  u64 max_file_size_ = 0;
  bool entered_ = false;  // in the list of mounted devices
  std::atomic<bool> wanted_writable_ = false;
  std::atomic<bool> stopped_ = false;  // mounted for writing, and an error forbids it
};

}  // namespace ext2
