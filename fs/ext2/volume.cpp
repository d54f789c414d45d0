#include "fs/ext2/volume.hpp"

#include <cstring>

#include "hal/timer.hpp"
#include "kernel/block/batch.hpp"

namespace ext2 {

Status Volume::open(lib::Ref<block::Device> device, bool read_only) {
  // First by pages, to learn the block size: a page is no smaller than the sectors of any disk that we can use.
  if (device->bytes() < kPageSize || device->description().sector_size > kPageSize) return Err(Errno::EINVAL);
  {
    BlockCache first;
    first.init(device, kPageShift);
    Block* block = TRY(first.get(0, Role::Count));
    geometry_ = TRY(read_geometry(*block->as<SuperBlock>(kSuperOffset), device->bytes()));
    if (geometry_.block_size < device->description().sector_size) return Err(Errno::EINVAL);
  }
  if (!read_only && !geometry_.can_write) return Err(Errno::EROFS);
  cache_.init(std::move(device), geometry_.block_shift);
  TRY(scratch_.resize(geometry_.block_size));
  TRY(held_.resize(geometry_.groups));
  super_block_ = TRY(cache_.get(static_cast<u32>(kSuperOffset >> geometry_.block_shift), Role::Count));
  super_block_->pinned = true;
  super_ = super_block_->as<SuperBlock>(kSuperOffset & (geometry_.block_size - 1));
  for (u32 i = 0; i < geometry_.descriptor_blocks; ++i) {
    Block* block = TRY(cache_.get(geometry_.first_data_block + 1 + i, Role::Count));
    block->pinned = true;
    TRY(descriptor_blocks_.push(block));
  }
  for (u32 group = 0; group < geometry_.groups; ++group) TRY(check_descriptor(group));
  return {};
}

GroupDescriptor& Volume::descriptor(u32 group) {
  const u32 per_block = geometry_.block_size / sizeof(GroupDescriptor);
  return descriptor_blocks_[group / per_block]->as<GroupDescriptor>()[group % per_block];
}

// Each group's own structures lie inside it, behind the copies at its beginning, and not over each other.
Status Volume::check_descriptor(u32 group) {
  const GroupDescriptor& d = descriptor(group);
  const u32 header = geometry_.has_super(group) ? 1 + geometry_.descriptor_blocks : 0;
  const u64 first = u64{geometry_.first_of_group(group)} + header;
  const u64 end = u64{geometry_.first_of_group(group)} + geometry_.blocks_of_group(group);
  const auto inside = [&](u64 block, u64 count) { return block >= first && block + count <= end; };
  const auto in_table = [&](u32 block) {
    return block >= d.inode_table && block - d.inode_table < geometry_.table_blocks;
  };
  if (!inside(d.block_bitmap, 1) || !inside(d.inode_bitmap, 1) || !inside(d.inode_table, geometry_.table_blocks) ||
      d.block_bitmap == d.inode_bitmap || in_table(d.block_bitmap) || in_table(d.inode_bitmap)) {
    return corrupted("a group's descriptor is impossible", group);
  }
  return {};
}

bool Volume::is_data_block(u32 block) {
  if (!geometry_.is_block(block)) return false;
  const u32 group = geometry_.group_of_block(block);
  const GroupDescriptor& d = descriptor(group);
  if (block == d.block_bitmap || block == d.inode_bitmap) return false;
  if (block >= d.inode_table && block - d.inode_table < geometry_.table_blocks) return false;
  return !geometry_.has_super(group) || block - geometry_.first_of_group(group) > geometry_.descriptor_blocks;
}

Result<Volume::InodePlace> Volume::inode_place(u32 inode) {
  if (!geometry_.is_inode(inode)) return corrupted("an inode number is out of range", inode);
  const u32 index = (inode - 1) % geometry_.inodes_per_group;
  const u32 offset = index * geometry_.inode_size;
  const u32 number = descriptor(geometry_.group_of_inode(inode)).inode_table + (offset >> geometry_.block_shift);
  Block* block = TRY(cache_.get(number, Role::Inode));
  return InodePlace{block, block->as<DiskInode>(offset & (geometry_.block_size - 1))};
}

void Volume::note_change() {
  if (first_change_ns_ == 0) first_change_ns_ = hal::monotonic_ns();
}

void Volume::mark_dirty(Block& block) {
  note_change();
  cache_.mark_dirty(block);
}

u32 disk_seconds(i64 nanoseconds) {
  const i64 seconds = nanoseconds / 1'000'000'000;
  return seconds < 0 ? 0 : (seconds > UINT32_MAX ? UINT32_MAX : static_cast<u32>(seconds));
}

}  // namespace ext2
