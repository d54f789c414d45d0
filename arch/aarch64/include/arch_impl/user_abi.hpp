// Linux's user interface on AArch64, as far as its structures differ from other architectures' (Linux
// include/uapi/asm-generic/stat.h, arch/arm64/include/uapi/asm/fcntl.h, eventpoll.h).
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct UserAbi {
  static constexpr u16 kElfMachine = 183;  // EM_AARCH64
  static constexpr const char* kMachineName = "aarch64";
  static constexpr const char* kPlatform = "aarch64";
  static constexpr u32 kODirect = 0200000;
  static constexpr u32 kODirectory = 040000;
  static constexpr u32 kONofollow = 0100000;
  static constexpr u32 kOLargefile = 0400000;
  static constexpr bool kCloneTlsFirst = true;
  static constexpr u64 kRestartSyscall = 128;
  static constexpr bool kSigactionHasRestorer = true;
  static constexpr bool kEpollEventPacked = false;
  // Signal frame, frame record and alignment, without SVE: what Linux reports on such a CPU.
  static constexpr u64 min_signal_stack() { return 4720; }

  struct Stat {
    u64 st_dev;
    u64 st_ino;
    u32 st_mode;
    u32 st_nlink;
    u32 st_uid;
    u32 st_gid;
    u64 st_rdev;
    u64 padding0;
    i64 st_size;
    i32 st_blksize;
    i32 padding1;
    i64 st_blocks;
    u64 st_atime;
    u64 st_atime_nsec;
    u64 st_mtime;
    u64 st_mtime_nsec;
    u64 st_ctime;
    u64 st_ctime_nsec;
    u32 unused[2];
  };
  static_assert(sizeof(Stat) == 128);
};

}  // namespace hal::arch
