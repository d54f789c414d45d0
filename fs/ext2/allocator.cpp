// Blocks and inodes: taking free ones, near where they are wanted, and giving them back.
//
// A bit may be taken if it is clear in the bitmap and in the group's held bitmap: what was freed since the last commit
// may still be in use on the disk.

#include <bit>
#include <cstring>

#include "fs/ext2/volume.hpp"

namespace ext2 {
namespace {

constexpr u32 kNone = ~u32{0};

bool test(const u8* bits, u32 at) { return (bits[at / 8] >> (at % 8) & 1) != 0; }
void set(u8* bits, u32 at) { bits[at / 8] = static_cast<u8>(bits[at / 8] | 1 << (at % 8)); }
void clear(u8* bits, u32 at) { bits[at / 8] = static_cast<u8>(bits[at / 8] & ~(1 << (at % 8))); }

// The first bit in [start, end) that is clear in both; `held` may be null.
u32 find_clear(const u8* bits, const u8* held, u32 start, u32 end) {
  for (u32 at = start; at < end;) {
    const u32 byte = at / 8;
    const u8 busy = static_cast<u8>((bits[byte] | (held != nullptr ? held[byte] : 0)) | ((1 << (at % 8)) - 1));
    if (busy != 0xff) {
      const u32 found = byte * 8 + static_cast<u32>(std::countr_one(busy));
      return found < end ? found : kNone;
    }
    at = (byte + 1) * 8;
  }
  return kNone;
}

}  // namespace

void Volume::change_free_blocks(u32 group, i32 delta) {
  GroupDescriptor& d = descriptor(group);
  d.free_blocks = static_cast<u16>(d.free_blocks + delta);
  super_->free_blocks += static_cast<u32>(delta);
  mark_dirty(*descriptor_blocks_[group / (geometry_.block_size / sizeof(GroupDescriptor))]);
  mark_dirty(*super_block_);
}

void Volume::change_free_inodes(u32 group, i32 delta) {
  GroupDescriptor& d = descriptor(group);
  d.free_inodes = static_cast<u16>(d.free_inodes + delta);
  super_->free_inodes += static_cast<u32>(delta);
  mark_dirty(*descriptor_blocks_[group / (geometry_.block_size / sizeof(GroupDescriptor))]);
  mark_dirty(*super_block_);
}

// Takes a block of this group, the first free one from `start` (a bit number) on, or else any.
Result<u32> Volume::find_block_in(u32 group, u32 start) {
  Block* bitmap = TRY(cache_.get(descriptor(group).block_bitmap, Role::Count));
  const u8* held = held_[group].blocks.empty() ? nullptr : held_[group].blocks.data();
  const u32 end = geometry_.blocks_of_group(group);
  u32 bit = start < end ? find_clear(bitmap->data, held, start, end) : kNone;
  if (bit == kNone) bit = find_clear(bitmap->data, held, 0, std::min(start, end));
  if (bit == kNone) return kNone;
  const u32 block = geometry_.first_of_group(group) + bit;
  if (!is_data_block(block)) return corrupted("a bitmap has a structure of the file system as free", block);
  set(bitmap->data, bit);
  mark_dirty(*bitmap);
  if (descriptor(group).free_blocks != 0) change_free_blocks(group, -1);
  return block;
}

Result<u32> Volume::search_blocks(u32 goal) {
  if (!geometry_.is_block(goal)) goal = geometry_.first_data_block + 1;
  const u32 home = geometry_.group_of_block(goal);
  for (u32 i = 0; i < geometry_.groups; ++i) {
    const u32 group = (home + i) % geometry_.groups;
    if (descriptor(group).free_blocks == 0) continue;
    const u32 start = group == home ? goal - geometry_.first_of_group(group) : 0;
    const u32 block = TRY(find_block_in(group, start));
    if (block != kNone) return block;
  }
  return kNone;
}

Result<u32> Volume::allocate_block(u32 goal) {
  u32 block = TRY(search_blocks(goal));
  if (block == kNone && anything_held_) {
    // What waits for its commit may be all that is left.
    TRY(commit());
    block = TRY(search_blocks(goal));
  }
  if (block == kNone) return Err(Errno::ENOSPC);
  return block;
}

void Volume::unallocate_block(u32 block) {
  const u32 group = geometry_.group_of_block(block);
  cache_.forget(block);
  auto bitmap = cache_.get(descriptor(group).block_bitmap, Role::Count);
  if (!bitmap) return;  // it stays marked: lost until e2fsck finds it
  clear((*bitmap)->data, block - geometry_.first_of_group(group));
  mark_dirty(**bitmap);
  change_free_blocks(group, 1);
}

Status Volume::free_block(u32 block) {
  if (!is_data_block(block)) return corrupted("a file has a block that cannot be its own", block);
  const u32 group = geometry_.group_of_block(block);
  const u32 bit = block - geometry_.first_of_group(group);
  Block* bitmap = TRY(cache_.get(descriptor(group).block_bitmap, Role::Count));
  if (!test(bitmap->data, bit)) return corrupted("a block is freed twice", block);
  Held& held = held_[group];
  if (held.blocks.empty()) TRY(held.blocks.resize(geometry_.block_size));
  cache_.forget(block);
  set(held.blocks.data(), bit);
  anything_held_ = true;
  clear(bitmap->data, bit);
  mark_dirty(*bitmap);
  change_free_blocks(group, 1);
  return {};
}

Result<u32> Volume::find_inode_in(u32 group) {
  Block* bitmap = TRY(cache_.get(descriptor(group).inode_bitmap, Role::Count));
  const u8* held = held_[group].inodes.empty() ? nullptr : held_[group].inodes.data();
  const u32 first = group == 0 ? geometry_.first_inode - 1 : 0;
  const u32 bit = find_clear(bitmap->data, held, first, geometry_.inodes_per_group);
  if (bit == kNone) return kNone;
  set(bitmap->data, bit);
  mark_dirty(*bitmap);
  if (descriptor(group).free_inodes != 0) change_free_inodes(group, -1);
  return group * geometry_.inodes_per_group + bit + 1;
}

// Directories are spread, so that their files find room beside them: from the parent's group on, the first with more
// than the average of free blocks and inodes.
u32 Volume::directory_group(u32 parent_group) {
  const u32 free_inodes = super_->free_inodes / geometry_.groups;
  const u32 free_blocks = super_->free_blocks / geometry_.groups;
  // Directories in the root are strangers to each other: each starts at another place.
  const u32 start =
      parent_group == 0 ? static_cast<u32>(epoch_ + super_->free_inodes) % geometry_.groups : parent_group;
  for (u32 i = 0; i < geometry_.groups; ++i) {
    const u32 group = (start + i) % geometry_.groups;
    const GroupDescriptor& d = descriptor(group);
    if (d.free_inodes != 0 && d.free_inodes >= free_inodes && d.free_blocks >= free_blocks) return group;
  }
  return parent_group;
}

Result<u32> Volume::search_inodes(u32 parent_group, bool directory) {
  const u32 home = directory ? directory_group(parent_group) : parent_group;
  for (u32 i = 0; i < geometry_.groups; ++i) {
    const u32 group = (home + i) % geometry_.groups;
    if (descriptor(group).free_inodes == 0) continue;
    const u32 inode = TRY(find_inode_in(group));
    if (inode != kNone) return inode;
  }
  return kNone;
}

Result<u32> Volume::allocate_inode(u32 parent_group, bool directory) {
  u32 inode = TRY(search_inodes(parent_group, directory));
  if (inode == kNone && anything_held_) {
    TRY(commit());
    inode = TRY(search_inodes(parent_group, directory));
  }
  if (inode == kNone) return Err(Errno::ENOSPC);
  if (directory) ++descriptor(geometry_.group_of_inode(inode)).directories;
  return inode;
}

void Volume::free_inode(u32 inode, bool directory, bool hold) {
  const u32 group = geometry_.group_of_inode(inode);
  const u32 bit = (inode - 1) % geometry_.inodes_per_group;
  auto bitmap = cache_.get(descriptor(group).inode_bitmap, Role::Count);
  if (!bitmap) return;
  if (!test((*bitmap)->data, bit)) {
    static_cast<void>(corrupted("an inode is freed twice", inode));
    return;
  }
  Held& held = held_[group];
  if (hold) {
    // Without memory to hold it, it stays taken until e2fsck finds it.
    if (held.inodes.empty() && !held.inodes.resize(geometry_.block_size)) return;
    set(held.inodes.data(), bit);
    anything_held_ = true;
  }
  clear((*bitmap)->data, bit);
  mark_dirty(**bitmap);
  if (directory && descriptor(group).directories != 0) --descriptor(group).directories;
  change_free_inodes(group, 1);
}

}  // namespace ext2
