// The metadata blocks of a mounted file system that are in memory: bitmaps, descriptors, inode tables, directories,
// indirect blocks, long symlinks. Contents of files are not here (they are in the page cache).
//
// Blocks are changed in memory alone; Volume::commit() writes them, in the order that docs/ext2.md explains and that
// Role decides. All is guarded by the volume's lock. A Block* stays valid until trim() or forget(), which are called
// between operations only.
#pragma once

#include "kernel/block/device.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/lib/radix_tree.hpp"
#include "kernel/lib/vector.hpp"

namespace ext2 {

enum class Role : u8 {
  Count,     // superblock, descriptors, bitmaps: e2fsck can compute them anew, so their order does not matter
  Inode,     // inode tables
  Indirect,  // maps of files
  Directory,
  Text,  // long symlinks
};

// A name that was removed from a directory block in memory, and still stands on the disk until the inode that it names
// is written.
struct HeldName {
  u32 offset;
  u32 inode;
};

struct Block : lib::ListNode {
  u32 number = 0;
  Role role = Role::Count;
  u8* data = nullptr;   // the cache's
  bool dirty = false;   // differs from the disk by more than held names
  bool is_new = false;  // allocated since the last commit: nothing on the disk refers to it
  bool parks = false;   // holds the second names of files that are about to lose their first (names.cpp)
  bool pinned = false;  // never evicted
  lib::Vector<HeldName> held;

  bool is_clean() const { return !dirty && held.empty(); }
  template <class T>
  T* as(usize offset = 0) {
    return reinterpret_cast<T*>(data + offset);  // aligned: blocks are, and offsets are multiples of 4
  }
};

class BlockCache {
 public:
  BlockCache() = default;
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;
  void init(lib::Ref<block::Device> device, u32 block_shift) {
    device_ = std::move(device);
    block_shift_ = block_shift;
  }

  block::Device& device() { return *device_; }
  u32 block_size() const { return u32{1} << block_shift_; }
  u64 sector_of(u32 number) const { return u64{number} << (block_shift_ - block::kSectorShift); }

  // Read in if need be. EIO, ENOMEM. May sleep.
  Result<Block*> get(u32 number, Role role);
  // Zeros, without looking at the disk; counts as new.
  Result<Block*> fresh(u32 number, Role role);
  // The block was freed: what is in memory of it means nothing any more.
  void forget(u32 number);

  void mark_dirty(Block& block) {
    if (!block.dirty && block.held.empty()) ++dirty_count_;
    block.dirty = true;
  }
  // Before the first name is held in a block.
  void note_held(Block& block) {
    if (block.is_clean()) ++dirty_count_;
  }
  usize dirty_count() const { return dirty_count_; }
  void all_clean() { dirty_count_ = 0; }

  // Drops clean blocks, those unused for longest first, until at most `keep` are left.
  void trim(usize keep);

  template <class Visit>
  void for_each(Visit&& visit) {
    for (Block& block : by_age_) visit(block);
  }

 private:
  Result<Block*> make(u32 number, Role role);
  void destroy(Block& block);

  lib::Ref<block::Device> device_;
  u32 block_shift_ = 10;
  lib::RadixTree<Block> blocks_;
  lib::List<Block> by_age_;  // oldest first
  usize count_ = 0;
  usize dirty_count_ = 0;
};

}  // namespace ext2
