// Linux's user interface on RISC-V: the generic one (Linux include/uapi/asm-generic/stat.h, fcntl.h).
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct UserAbi {
  static constexpr u16 kElfMachine = 243;  // EM_RISCV
  static constexpr const char* kMachineName = "riscv64";
  static constexpr const char* kPlatform = "";
  static constexpr u32 kODirect = 040000;
  static constexpr u32 kODirectory = 0200000;
  static constexpr u32 kONofollow = 0400000;
  static constexpr u32 kOLargefile = 0100000;
  static constexpr bool kCloneTlsFirst = true;
  static constexpr u64 kRestartSyscall = 128;
  static constexpr bool kSigactionHasRestorer = false;
  static constexpr bool kEpollEventPacked = false;
  static u64 min_signal_stack();

  struct Stat {
    u64 st_dev;
    u64 st_ino;
    u32 st_mode;
    u32 st_nlink;
    u32 st_uid;
    u32 st_gid;
    u64 st_rdev;
    u64 padding1;
    i64 st_size;
    i32 st_blksize;
    i32 padding2;
    i64 st_blocks;
    i64 st_atime;
    u64 st_atime_nsec;
    i64 st_mtime;
    u64 st_mtime_nsec;
    i64 st_ctime;
    u64 st_ctime_nsec;
    u32 unused[2];
  };
  static_assert(sizeof(Stat) == 128);
};

}  // namespace hal::arch
