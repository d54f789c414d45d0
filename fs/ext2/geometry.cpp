#include "fs/ext2/geometry.hpp"

#include <algorithm>

namespace ext2 {
namespace {

bool is_power_of(u32 number, u32 base) {
  while (number % base == 0) number /= base;
  return number == 1;
}

// The largest file that three levels of blocks and the 32-bit count of sectors can hold.
u64 largest_file(u32 block_size) {
  const u64 per = block_size / sizeof(u32);
  const u64 by_map = (kDirectBlocks + per + per * per + per * per * per) * block_size;
  const u64 by_sectors = u64{0xffffffff} * 512 * 15 / 16;  // less what the indirect blocks take
  return std::min(by_map, by_sectors) & ~u64{block_size - 1};
}

}  // namespace

bool Geometry::has_super(u32 group) const {
  if (!sparse_super || group <= 1) return true;
  return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

Result<Geometry> read_geometry(const SuperBlock& super, u64 device_bytes) {
  const auto bad = Err(Errno::EINVAL);
  if (super.magic != kMagic || super.log_block_size > 2) return bad;
  Geometry g;
  g.block_shift = 10 + super.log_block_size;
  g.block_size = u32{1} << g.block_shift;
  g.blocks = super.blocks_count;
  g.inodes = super.inodes_count;
  g.first_data_block = super.first_data_block;
  g.blocks_per_group = super.blocks_per_group;
  g.inodes_per_group = super.inodes_per_group;
  if (g.first_data_block != (g.block_size == 1024 ? 1u : 0u)) return bad;
  if (u64{g.blocks} << g.block_shift > device_bytes || g.blocks <= g.first_data_block + 1) return bad;
  // A group's bitmap is one block.
  if (g.blocks_per_group < 8 || g.blocks_per_group > g.block_size * 8 || g.blocks_per_group % 8 != 0) return bad;
  if (g.inodes_per_group < 8 || g.inodes_per_group > g.block_size * 8) return bad;
  const bool revision_0 = super.revision == 0;
  if (super.revision > 1) return bad;
  g.inode_size = revision_0 ? sizeof(DiskInode) : super.inode_size;
  g.first_inode = revision_0 ? kFirstInodeOfRevision0 : super.first_inode;
  if (g.inode_size < sizeof(DiskInode) || g.inode_size > g.block_size || (g.inode_size & (g.inode_size - 1)) != 0) {
    return bad;
  }
  const u64 groups = (u64{g.blocks} - g.first_data_block + g.blocks_per_group - 1) / g.blocks_per_group;
  if (groups * g.inodes_per_group != g.inodes || g.first_inode < kFirstInodeOfRevision0 || g.first_inode > g.inodes) {
    return bad;
  }
  g.groups = static_cast<u32>(groups);
  g.descriptor_blocks = static_cast<u32>((groups * sizeof(GroupDescriptor) + g.block_size - 1) / g.block_size);
  g.table_blocks = static_cast<u32>((u64{g.inodes_per_group} * g.inode_size + g.block_size - 1) / g.block_size);
  if (g.first_data_block + 1 + u64{g.descriptor_blocks} >= g.blocks) return bad;
  if (!revision_0) {
    if ((super.incompatible & ~kIncompatibleKnown) != 0) return bad;
    g.has_file_types = (super.incompatible & kIncompatibleFiletype) != 0;
    g.sparse_super = (super.read_only_compatible & kReadOnlySparseSuper) != 0;
    g.can_write = (super.read_only_compatible & ~kReadOnlyKnown) == 0;
  } else {
    g.can_write = true;
  }
  g.max_file_size = largest_file(g.block_size);
  return g;
}

}  // namespace ext2
