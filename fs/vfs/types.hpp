// Small types of the virtual file system, with the numbers of the Linux interface (include/uapi/linux/stat.h, fcntl.h).
#pragma once

#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace vfs {

enum class FileType : u16 {
  Fifo = 0010000,
  Character = 0020000,
  Directory = 0040000,
  Block = 0060000,
  Regular = 0100000,
  Symlink = 0120000,
  Socket = 0140000,
};
inline constexpr u32 kTypeMask = 0170000;
inline constexpr u32 kPermissionMask = 07777;
inline constexpr u32 kSetUid = 04000, kSetGid = 02000, kSticky = 01000;

// d_type of getdents64.
constexpr u8 directory_type(FileType type) { return static_cast<u8>(static_cast<u16>(type) >> 12); }

struct DeviceNumber {
  u32 major = 0;
  u32 minor = 0;
  bool operator==(const DeviceNumber&) const = default;
  // As programs see it in st_rdev (Linux new_encode_dev and glibc's makedev agree on this for 64 bits).
  constexpr u64 encoded() const {
    return (minor & 0xff) | (u64{major & 0xfff} << 8) | (u64{minor & ~0xffu} << 12) | (u64{major & ~0xfffu} << 32);
  }
  static constexpr DeviceNumber decode(u64 value) {
    return {static_cast<u32>((value >> 8 & 0xfff) | (value >> 32 & ~u64{0xfff})),
            static_cast<u32>((value & 0xff) | (value >> 12 & ~u64{0xff}))};
  }
};

// Nanoseconds since 1970.
using Timestamp = i64;

struct Attributes {
  u64 inode = 0;
  u64 device = 0;  // of the file system, encoded
  FileType type = FileType::Regular;
  u32 permissions = 0;  // with setuid, setgid, sticky
  u32 links = 0;
  u32 uid = 0, gid = 0;
  DeviceNumber device_number;  // of a device node
  u64 size = 0;
  u64 block_size = kPageSize;
  u64 blocks = 0;  // of 512 bytes
  Timestamp access_time = 0, modify_time = 0, change_time = 0, birth_time = 0;
};

struct FileSystemInfo {
  u64 magic = 0;
  u64 block_size = kPageSize;
  u64 blocks = 0, free_blocks = 0, available_blocks = 0;
  u64 files = 0, free_files = 0;
  u64 name_max = 255;
  u64 flags = 0;
  u64 id = 0;
};

// Open flags with the same number everywhere; the four that differ are in hal::UserAbi and arrive here translated.
namespace open_flag {
inline constexpr u32 kAccessMask = 3, kReadOnly = 0, kWriteOnly = 1, kReadWrite = 2;
inline constexpr u32 kCreate = 0100, kExclusive = 0200, kNoctty = 0400, kTruncate = 01000, kAppend = 02000,
                     kNonblock = 04000, kDsync = 010000, kAsync = 020000, kNoatime = 01000000, kCloexec = 02000000,
                     kSync = 04010000, kPath = 010000000, kTmpfile = 020000000;
// Ours, outside the range of the interface.
inline constexpr u32 kDirectory = u32{1} << 28, kNofollow = u32{1} << 29, kDirect = u32{1} << 30,
                     kLargefile = u32{1} << 31;
}  // namespace open_flag

enum class Permission : u8 { Execute = 1, Write = 2, Read = 4 };
constexpr Permission operator|(Permission a, Permission b) {
  return static_cast<Permission>(static_cast<u8>(a) | static_cast<u8>(b));
}

// poll(2) events.
namespace poll_event {
inline constexpr u32 kIn = 1, kPriority = 2, kOut = 4, kError = 8, kHangup = 0x10, kInvalid = 0x20, kReadNormal = 0x40,
                     kReadBand = 0x80, kWriteNormal = 0x100, kWriteBand = 0x200, kReadHangup = 0x2000;
}

inline constexpr usize kNameMax = 255;
inline constexpr usize kPathMax = 4096;  // with the NUL

}  // namespace vfs
