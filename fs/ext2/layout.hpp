// ext2 on the disk (Linux Documentation/filesystems/ext2.rst and ext4/; all numbers little-endian, as all our machines
// are). Nothing read through these is true until it was checked.
#pragma once

#include "kernel/lib/types.hpp"

namespace ext2 {

inline constexpr u32 kMagic = 0xef53;
inline constexpr u64 kSuperOffset = 1024;
inline constexpr u32 kRootInode = 2;
inline constexpr u32 kFirstInodeOfRevision0 = 11;
inline constexpr u32 kDirectBlocks = 12;
inline constexpr u32 kBlockSlots = 15;
inline constexpr u32 kLinkMax = 32000;

struct SuperBlock {
  u32 inodes_count, blocks_count, reserved_blocks, free_blocks, free_inodes, first_data_block;
  u32 log_block_size, log_fragment_size, blocks_per_group, fragments_per_group, inodes_per_group;
  u32 mount_time, write_time;
  u16 mount_count, max_mount_count, magic, state, errors, minor_revision;
  u32 last_check, check_interval, creator, revision;
  u16 reserved_uid, reserved_gid;
  u32 first_inode;
  u16 inode_size, own_group;
  u32 compatible, incompatible, read_only_compatible;
  u8 uuid[16];
  char label[16];
  char last_mounted[64];
  u32 compression;
  u8 preallocate_blocks, preallocate_directory_blocks;
  u16 reserved_descriptor_blocks;
  u8 journal_uuid[16];
  u32 journal_inode, journal_device, last_orphan;
  u8 rest[1024 - 236];
};
static_assert(sizeof(SuperBlock) == 1024);
static_assert(offsetof(SuperBlock, magic) == 56 && offsetof(SuperBlock, first_inode) == 84);
static_assert(offsetof(SuperBlock, compatible) == 92 && offsetof(SuperBlock, last_orphan) == 232);

// SuperBlock::state
inline constexpr u16 kStateClean = 1, kStateErrors = 2;
// What we can do with each kind of feature: anything of the first that is missing here forbids mounting, of the second
// writing.
inline constexpr u32 kIncompatibleFiletype = 2;
inline constexpr u32 kIncompatibleKnown = kIncompatibleFiletype;
inline constexpr u32 kReadOnlySparseSuper = 1, kReadOnlyLargeFile = 2;
inline constexpr u32 kReadOnlyKnown = kReadOnlySparseSuper | kReadOnlyLargeFile;
inline constexpr u32 kCompatibleDirIndex = 0x20;

struct GroupDescriptor {
  u32 block_bitmap, inode_bitmap, inode_table;
  u16 free_blocks, free_inodes, directories, flags;
  u8 reserved[12];
};
static_assert(sizeof(GroupDescriptor) == 32);

struct DiskInode {
  u16 mode, uid;
  u32 size;
  u32 access_time, change_time, modify_time, delete_time;
  u16 gid, links;
  u32 sectors;  // of 512 bytes
  u32 flags, version;
  u32 block[kBlockSlots];
  u32 generation, attribute_block, size_high, fragment;
  u8 fragment_number, fragment_size;
  u16 checksum;
  u16 uid_high, gid_high;
  u32 reserved;
};
static_assert(sizeof(DiskInode) == 128 && offsetof(DiskInode, block) == 40);

inline constexpr u32 kInodeImmutable = 0x10, kInodeAppend = 0x20, kInodeIndexed = 0x1000;
// Kinds of block maps that we do not read: compressed, extents, inline data.
inline constexpr u32 kInodeForeign = 0x4 | 0x80000 | 0x10000000;

struct DirectoryEntry {
  u32 inode;  // 0: free
  u16 record_length;
  u8 name_length;
  u8 type;
  // then the name
};
inline constexpr usize kEntryHeader = 8;
static_assert(sizeof(DirectoryEntry) == kEntryHeader);
constexpr u32 entry_size(usize name_length) { return static_cast<u32>((kEntryHeader + name_length + 3) & ~usize{3}); }

}  // namespace ext2
