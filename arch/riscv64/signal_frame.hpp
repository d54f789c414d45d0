// The signal frame on the user's stack, byte for byte as Linux on RISC-V builds it: debuggers, unwinders and C
// libraries know it (Linux arch/riscv/kernel/signal.c, uapi/asm/sigcontext.h, uapi/asm/ucontext.h, uapi/asm/ptrace.h).
#pragma once

#include "arch/riscv64/fpu.hpp"
#include "kernel/lib/types.hpp"

namespace hal::arch {

inline constexpr usize kUserRegisters = 32;  // pc and x1 to x31, as TrapFrame begins

// Behind the registers: the D state at the start of a union made for quadruple precision, at whose end begins a list of
// further state: a word that must be 0, then for each kind a header and what it says, and the end mark, a header of
// zeros. Ours has the vector state (a VectorArea) where the thread has one, or is empty.
struct StateHeader {
  u32 magic, size;  // the size includes the header
};
inline constexpr u32 kVectorMagic = 0x5346'5457;

struct SigContext {
  u64 registers[kUserRegisters];
  FpuArea fpu;
  u8 unused[252];
  u32 reserved;
  StateHeader first;
};
static_assert(sizeof(SigContext) == 784 && offsetof(SigContext, reserved) == 256 + 516);

struct UserContext {
  u64 flags;
  u64 link;
  VirtAddr stack_base;
  u32 stack_flags;
  u32 padding;
  u64 stack_size;
  u64 mask;
  u8 unused[120];
  alignas(16) SigContext context;
};
static_assert(sizeof(UserContext) == 960 && offsetof(UserContext, context) == 176);

struct SignalFrame {
  u8 info[128];
  UserContext context;
};
static_assert(sizeof(SignalFrame) == 1088);

}  // namespace hal::arch
