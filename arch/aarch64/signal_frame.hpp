// The signal frame on the user's stack, byte for byte as Linux on AArch64 builds it: debuggers, unwinders and C
// libraries know it (Linux arch/arm64/kernel/signal.c, include/uapi/asm/sigcontext.h, uapi/asm/ucontext.h).
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline constexpr usize kInfoSize = 128;
inline constexpr usize kRecordsSize = 4096;

struct UserContext {
  u64 flags;
  u64 link;
  VirtAddr stack_base;
  u32 stack_flags;
  u32 padding0;
  u64 stack_size;
  u64 mask;
  u8 unused[120];  // room for a larger mask
  u64 padding1;
  // struct sigcontext
  VirtAddr fault_address;
  u64 x[31];
  u64 sp;
  u64 pc;
  u64 pstate;
  u64 padding2;
};
static_assert(sizeof(UserContext) == 464 && offsetof(UserContext, mask) == 40);
static_assert(offsetof(UserContext, fault_address) == 176);

// Behind the context lie records, each with this at its start; one of size 0 ends them.
struct ContextRecord {
  u32 magic;
  u32 size;
};
struct FpuRecord {
  ContextRecord head;
  u32 status;   // FPSR
  u32 control;  // FPCR
  u64 registers[32][2];
};
static_assert(sizeof(FpuRecord) == 528);
struct SyndromeRecord {
  ContextRecord head;
  u64 syndrome;
};
inline constexpr u32 kFpuMagic = 0x4650'8001, kSyndromeMagic = 0x4553'5201;
inline constexpr u32 kExtraMagic = 0x4558'5401;

// The places in the frame.
inline constexpr usize kFrameContext = kInfoSize;
inline constexpr usize kFrameRecords = kFrameContext + sizeof(UserContext);
inline constexpr usize kFrameSize = kFrameRecords + kRecordsSize;
static_assert(kFrameSize == 4688 && kFrameSize % 16 == 0);

// Above it, where unwinders that follow frame pointers find it.
struct FrameRecord {
  u64 x29, x30;
};

}  // namespace hal::arch
