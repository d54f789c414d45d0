// The registers of whoever was interrupted, lowest address first.
//
// From x to pstate the order is that of Linux's user_pt_regs (arch/arm64/include/uapi/asm/ptrace.h). asm.h repeats the
// offsets for the entry code.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct TrapFrame {
  u64 x[31];
  u64 sp;             // SP_EL0 of a user program, SP_EL1 of the kernel
  u64 pc;             // ELR_EL1
  u64 pstate;         // SPSR_EL1
  u64 orig_x0;        // a system call's first argument, which its result replaces
  u64 syscall;        // its number; kNoSyscall where it was none
  u64 syndrome;       // ESR_EL1, 0 for interrupts
  u64 fault_address;  // FAR_EL1, where the syndrome says that it is valid
  u64 record[2];      // a frame record, by which backtraces find from the trap's handler to the interrupted code

  static constexpr u64 kNoSyscall = ~u64{0};

  // SPSR_EL1 (Arm ARM C5.2.19).
  static constexpr u64 kModeMask = 0x1f;   // 0: EL0, AArch64
  static constexpr u64 kModeKernel = 0x5;  // EL1h
  static constexpr u64 kInterruptMask = 1 << 7;
  // What a program may set for itself: N Z C V, TCO, DIT, SSBS, BTYPE.
  static constexpr u64 kUserFlags = u64{0xf} << 28 | 1 << 25 | 1 << 24 | 1 << 12 | 3 << 10;
  static constexpr u64 kBranchType = 3 << 10;
  static constexpr u64 kTagCheckOverride = 1 << 25;

  static constexpr u64 kInstructionSize = 4;

  bool in_syscall() const { return syscall != kNoSyscall; }

  bool from_user() const { return (pstate & kModeMask) == 0; }
  VirtAddr instruction_pointer() const { return pc; }
  VirtAddr stack_pointer() const { return sp; }
  VirtAddr frame_pointer() const { return x[29]; }
  u64 syscall_number() const { return syscall; }
  u64 syscall_argument(unsigned index) const { return index == 0 ? orig_x0 : x[index]; }
  i64 result() const { return static_cast<i64>(x[0]); }

  void set_instruction_pointer(VirtAddr address) { pc = address; }
  void set_stack_pointer(VirtAddr address) { sp = address; }
  void set_result(i64 value) { x[0] = static_cast<u64>(value); }
  void restart_syscall() { restart_syscall_as(syscall); }
  void restart_syscall_as(u64 number) {
    x[0] = orig_x0;
    x[8] = number;
    pc -= kInstructionSize;
  }
};
static_assert(sizeof(TrapFrame) == 320 && sizeof(TrapFrame) % 16 == 0);

}  // namespace hal::arch
