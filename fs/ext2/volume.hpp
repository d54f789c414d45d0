// A mounted file system's metadata: everything that its one lock guards (LockClass::FileSystem).
//
// Changes happen in memory, in blocks of the BlockCache; commit() writes them in an order such that e2fsck -p can mend
// whatever a power cut leaves (docs/ext2.md). Between two commits lies an epoch. What was freed in an epoch is held: it
// is allocated again only after the commit that frees it on the disk.
//
// Nothing here knows the inodes in memory: methods take a BlockMap, the part of an inode that says where its contents
// are. All methods may sleep. The disk is not trusted: contradictions answer EUCLEAN, are logged, and make the volume
// read-only, as do errors of writing (EIO).
#pragma once

#include "fs/ext2/block_cache.hpp"
#include "fs/ext2/geometry.hpp"

namespace ext2 {

// Where a file's contents are; in the inode, changed under the volume's lock.
struct BlockMap {
  u32 slots[kBlockSlots] = {};
  u32 sectors = 0;  // of 512 bytes, with the indirect blocks
  u32 goal_group = 0;
  // Where the last block was put: the next one goes behind it.
  u32 last_index = 0;
  u32 last_block = 0;
};

class Volume {
 public:
  // EINVAL: no ext2, or one that we cannot read; EROFS: one that we cannot write; EUCLEAN: its descriptors are bad.
  Status open(lib::Ref<block::Device> device, bool read_only);

  const Geometry& geometry() const { return geometry_; }
  BlockCache& cache() { return cache_; }
  const SuperBlock& super() const { return *super_; }
  bool is_read_only() const { return read_only_; }
  u64 epoch() const { return epoch_; }

  // --- state.cpp ---
  // Before an operation that changes something: EROFS; commits first when much is waiting.
  Status begin_change();
  // Marks it as in use on the disk, before the first change; as clean, after the last one.
  Status start_writing();
  Status stop_writing();
  // Logs the contradiction and stops writing. Returns EUCLEAN.
  std::unexpected<Errno> corrupted(const char* what, u64 number);
  void note_large_file();
  void set_last_orphan(u32 inode);
  // Files without a name that are still in use. As long as there are some the volume is not clean.
  void count_orphan(i32 delta) { orphans_ += static_cast<u32>(delta); }

  // --- commit.cpp ---
  // Writes everything that is waiting, and flushes the device. EIO makes the volume read-only.
  Status commit();
  bool has_changes() const { return cache_.dirty_count() != 0; }
  u64 oldest_change_ns() const { return first_change_ns_; }

  // --- allocator.cpp ---
  // A free block near `goal`. ENOSPC.
  Result<u32> allocate_block(u32 goal);
  // Held until the next commit.
  Status free_block(u32 block);
  // Undoes allocate_block() in the same operation.
  void unallocate_block(u32 block);
  // ENOSPC.
  Result<u32> allocate_inode(u32 parent_group, bool directory);
  // `hold`: the disk knows it as in use.
  void free_inode(u32 inode, bool directory, bool hold);
  bool is_data_block(u32 block);

  // --- block_map.cpp ---
  // The block of the file's block `index`; 0 for a hole.
  Result<u32> map(const BlockMap& map, u32 index);
  // The same, allocated if need be. ENOSPC, EFBIG. The caller writes the inode.
  Result<u32> map_or_allocate(BlockMap& map, u32 index);
  // Frees the blocks from `keep` on.
  Status free_from(BlockMap& map, u32 keep);

  // --- volume.cpp ---
  // The block of the inode table that has this inode, and its place in there.
  struct InodePlace {
    Block* block;
    DiskInode* inode;
  };
  Result<InodePlace> inode_place(u32 inode);
  void mark_dirty(Block& block);
  // Something waits for the next commit.
  void note_change();
  GroupDescriptor& descriptor(u32 group);

 private:
  struct Held {
    lib::Vector<u8> blocks, inodes;  // bitmaps; empty: nothing held in this group
  };

  Status check_descriptor(u32 group);
  void change_free_blocks(u32 group, i32 delta);
  void change_free_inodes(u32 group, i32 delta);
  Result<u32> find_block_in(u32 group, u32 start);
  Result<u32> search_blocks(u32 goal);
  Result<u32> search_inodes(u32 parent_group, bool directory);
  Result<u32> find_inode_in(u32 group);
  u32 directory_group(u32 parent_group);
  u32 goal_for(const BlockMap& map, u32 index) const;
  Status link_missing(BlockMap& map, u32* path, unsigned depth, u32 leaf);
  Result<bool> trim_branch(BlockMap& map, u32& slot, unsigned level, u64 keep);
  bool phase_wants(const Block& block, unsigned phase, u32 level) const;
  Result<u32> write_phase(unsigned phase, u32 level);
  Status run_phase(unsigned phase, u32 level);
  Status write_as_of(Block& block, unsigned phase, u32 level);
  u32 deepest_level();
  Status fail(Errno error, const char* what);

  Geometry geometry_;
  BlockCache cache_;
  SuperBlock* super_ = nullptr;  // inside a pinned block
  Block* super_block_ = nullptr;
  lib::Vector<Block*> descriptor_blocks_;
  lib::Vector<Held> held_;
  bool anything_held_ = false;
  lib::Vector<u8> scratch_;
  bool read_only_ = true;
  bool failed_ = false;
  u16 clean_before_ = 0;  // the state when writing started
  u32 complaints_ = 0;
  u32 orphans_ = 0;
  u64 epoch_ = 1;
  u64 first_change_ns_ = 0;
};

// Seconds for the disk's 32-bit times.
u32 disk_seconds(i64 nanoseconds);

}  // namespace ext2
