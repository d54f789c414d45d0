// The signal frame on the user's stack, byte for byte as Linux on x86-64 builds it: debuggers, unwinders and C
// libraries know it (Linux arch/x86/include/asm/sigframe.h, uapi/asm/sigcontext.h, uapi/asm/ucontext.h).
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct SigContext {
  u64 r8, r9, r10, r11, r12, r13, r14, r15;
  u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
  u64 rflags;
  u16 cs, gs, fs, ss;
  u64 error, trap_number, old_mask, cr2;
  VirtAddr fpu_state;
  u64 reserved[8];
};
static_assert(sizeof(SigContext) == 256 && offsetof(SigContext, fpu_state) == 184);

struct UserContext {
  u64 flags;
  u64 link;
  VirtAddr stack_base;
  u32 stack_flags;
  u32 padding;
  u64 stack_size;
  SigContext registers;
  u64 mask;
};
static_assert(sizeof(UserContext) == 304 && offsetof(UserContext, registers) == 40);

struct SignalFrame {
  VirtAddr return_address;
  UserContext context;
  u8 info[128];
};
static_assert(sizeof(SignalFrame) == 440);

// Bits of UserContext::flags.
inline constexpr u64 kContextHasXstate = 1;
inline constexpr u64 kContextHasSs = 2;
inline constexpr u64 kContextStrictSs = 4;

// What lies in the software bytes of the FPU state's legacy region, and a second mark behind the state: who reads the
// frame learns from both that there is more than an FXSAVE area.
struct FpuSoftwareBytes {
  u32 magic;          // kFpuMagic1
  u32 extended_size;  // of all, with the second mark
  u64 components;
  u32 state_size;
  u32 padding[7];
};
static_assert(sizeof(FpuSoftwareBytes) == 48);
inline constexpr u32 kFpuMagic1 = 0x4650'5853;
inline constexpr u32 kFpuMagic2 = 0x4650'5845;

}  // namespace hal::arch
