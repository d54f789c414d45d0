// Linux's user interface on x86-64, as far as its structures differ from other architectures' (Linux
// arch/x86/include/uapi/asm/stat.h, include/uapi/asm-generic/fcntl.h, eventpoll.h).
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct UserAbi {
  static constexpr u16 kElfMachine = 62;  // EM_X86_64
  static constexpr const char* kMachineName = "x86_64";
  static constexpr const char* kPlatform = "x86_64";
  static constexpr u32 kODirect = 040000;
  static constexpr u32 kODirectory = 0200000;
  static constexpr u32 kONofollow = 0400000;
  static constexpr u32 kOLargefile = 0100000;
  static constexpr bool kCloneTlsFirst = false;
  static constexpr u64 kRestartSyscall = 219;
  static constexpr bool kSigactionHasRestorer = true;
  static constexpr bool kEpollEventPacked = true;
  // Frame, red zone and the XSAVE area with AVX-512: what Linux reports on such a CPU.
  static constexpr u64 min_signal_stack() { return 3632; }

  struct Stat {
    u64 st_dev;
    u64 st_ino;
    u64 st_nlink;
    u32 st_mode;
    u32 st_uid;
    u32 st_gid;
    u32 padding0;
    u64 st_rdev;
    i64 st_size;
    i64 st_blksize;
    i64 st_blocks;
    u64 st_atime;
    u64 st_atime_nsec;
    u64 st_mtime;
    u64 st_mtime_nsec;
    u64 st_ctime;
    u64 st_ctime_nsec;
    i64 unused[3];
  };
  static_assert(sizeof(Stat) == 144);
};

}  // namespace hal::arch
