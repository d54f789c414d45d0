// The numbers of a file system that do not change while it is mounted, checked.
#pragma once

#include "fs/ext2/layout.hpp"
#include "kernel/lib/result.hpp"

namespace ext2 {

struct Geometry {
  u32 block_size = 0, block_shift = 0;
  u32 blocks = 0, inodes = 0;
  u32 first_data_block = 0;
  u32 blocks_per_group = 0, inodes_per_group = 0;
  u32 groups = 0;
  u32 inode_size = 0, first_inode = 0;
  u32 descriptor_blocks = 0;
  u32 table_blocks = 0;  // of one group's inode table
  u64 max_file_size = 0;
  bool has_file_types = false;
  bool sparse_super = false;
  bool can_write = false;

  u32 per_block() const { return block_size / sizeof(u32); }
  u32 group_of_block(u32 block) const { return (block - first_data_block) / blocks_per_group; }
  u32 first_of_group(u32 group) const { return first_data_block + group * blocks_per_group; }
  u32 blocks_of_group(u32 group) const {
    const u32 first = first_of_group(group);
    return blocks - first < blocks_per_group ? blocks - first : blocks_per_group;
  }
  u32 group_of_inode(u32 inode) const { return (inode - 1) / inodes_per_group; }
  // True if the group begins with a copy of the superblock and the descriptors.
  bool has_super(u32 group) const;
  bool is_block(u32 block) const { return block > first_data_block && block < blocks; }
  bool is_inode(u32 inode) const { return inode >= 1 && inode <= inodes; }
};

// EINVAL: no ext2, features that we do not know, or numbers that contradict each other or the device's size.
Result<Geometry> read_geometry(const SuperBlock& super, u64 device_bytes);

}  // namespace ext2
