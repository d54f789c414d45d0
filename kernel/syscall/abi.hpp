// The structures and constants of the Linux interface that are the same on all three architectures. What differs is in
// hal::UserAbi.
#pragma once

#include "hal/user_abi.hpp"
#include "kernel/mm/user_memory.hpp"

namespace syscall {

using UserStat = hal::UserAbi::Stat;

struct IoVector {
  u64 base;
  u64 size;
};
struct TimeSpec {
  i64 seconds;
  i64 nanoseconds;
};
struct TimeVal {
  i64 seconds;
  i64 microseconds;
};
struct TimerSpec {
  TimeSpec interval;
  TimeSpec value;
};
struct IntervalTimer {
  TimeVal interval;
  TimeVal value;
};
struct UserLimit {
  u64 soft;
  u64 hard;
};
struct ResourceUsage {
  TimeVal user, system;
  i64 max_resident, shared, data, stack, minor_faults, major_faults, swaps, blocks_in, blocks_out, messages_sent,
      messages_received, signals, voluntary_switches, involuntary_switches;
};
static_assert(sizeof(ResourceUsage) == 144);
struct Times {
  i64 user, system, children_user, children_system;
};
struct UserSigaction {
  // x86-64 and AArch64 have the restorer, RISC-V does not; hal::UserAbi says which.
  u64 words[4];
};
struct UserStack {
  u64 base;
  u32 flags;
  u32 padding;
  u64 size;
};
struct UserMessage {
  u64 name;
  i32 name_size;
  u32 padding;
  u64 vector, vector_count;
  u64 control, control_size;
  u32 flags, padding2;
};
static_assert(sizeof(UserMessage) == 56);
struct UserMessageOfMany {
  UserMessage message;
  u32 transferred, padding;
};
static_assert(sizeof(UserMessageOfMany) == 64);
struct PollEntry {
  i32 fd;
  i16 events;
  i16 returned;
};
struct SigsetArgument {
  u64 address;
  u64 size;
};
struct UtsName {
  char system[65], node[65], release[65], version[65], machine[65], domain[65];
};
struct SysInfo {
  i64 uptime;
  u64 loads[3];
  u64 total_ram, free_ram, shared_ram, buffer_ram, total_swap, free_swap;
  u16 processes, padding;
  u32 padding2;
  u64 total_high, free_high;
  u32 unit;
  u32 padding3;
};
static_assert(sizeof(SysInfo) == 112);
struct StatFs {
  i64 type, block_size;
  u64 blocks, free_blocks, available_blocks, files, free_files;
  i32 id[2];
  i64 name_length, fragment_size, flags, spare[4];
};
static_assert(sizeof(StatFs) == 120);
struct StatxTime {
  i64 seconds;
  u32 nanoseconds;
  i32 padding;
};
struct Statx {
  u32 mask, block_size;
  u64 attributes;
  u32 links, uid, gid;
  u16 mode, padding1;
  u64 inode, size, blocks, attributes_mask;
  StatxTime access, birth, change, modify;
  u32 device_major, device_minor, file_system_major, file_system_minor;
  u64 mount_id;
  u32 direct_memory_alignment, direct_offset_alignment;
  u64 spare[12];
};
static_assert(sizeof(Statx) == 256);

inline constexpr u32 kONonblock = 04000, kOCloexec = 02000000;
inline constexpr u32 kEventSemaphore = 1;
inline constexpr u32 kTimerAbsolute = 1, kTimerCancelOnSet = 2, kTimerFlags = kTimerAbsolute | kTimerCancelOnSet;
inline constexpr u32 kCloseRangeCloexec = 4;
inline constexpr int kAtCurrent = -100;
inline constexpr u32 kAtSymlinkNofollow = 0x100, kAtRemovedir = 0x200, kAtEaccess = 0x200, kAtSymlinkFollow = 0x400,
                     kAtNoAutomount = 0x800, kAtEmptyPath = 0x1000, kAtStatxSync = 0x6000;
inline constexpr u32 kUmountForce = 1, kUmountDetach = 2, kUmountNofollow = 8,
                     kUmountKnown = kUmountForce | kUmountDetach | kUmountNofollow;
inline constexpr u32 kMremapMaymove = 1, kMremapFixed = 2;
inline constexpr u32 kWnohang = 1, kWuntraced = 2, kWexited = 4, kWcontinued = 8, kWnowait = 0x01000000,
                     kWnothread = 0x20000000, kWall = 0x40000000, kWclone = 0x80000000;
inline constexpr u32 kWait4Options = kWnohang | kWuntraced | kWcontinued | kWnothread | kWall | kWclone;
inline constexpr u32 kWaitidOptions =
    kWnohang | kWuntraced | kWexited | kWcontinued | kWnowait | kWnothread | kWall | kWclone;

}  // namespace syscall
