// The registers of whoever was interrupted, lowest address first.
//
// From `r15` to `ss` the order is that of Linux's pt_regs and user_regs_struct, which the CPU dictates for the last
// five (Intel SDM vol. 3A, figure 6-9). asm.h repeats the offsets for the entry code.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct TrapFrame {
  // How the kernel was entered: the vector in bits 0-7, the CPU's error code in bits 8-23, and kFastReturn.
  u64 origin;
  u64 r15, r14, r13, r12, rbp, rbx;               // preserved by C++ functions
  u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;  // not preserved
  u64 orig_rax;                                   // the system call's number; -1 where it was no system call
  u64 rip, cs, rflags, rsp, ss;

  // SYSCALL brought us here and SYSRET may lead back: rcx and r11 count for nothing, and rbx, rbp and r12 to r15 are
  // what they were at the entry, so that the exit code need not reload them. Whoever changes registers otherwise than
  // through set_result(), set_stack_pointer() and restart_syscall() calls leave_fast_path().
  static constexpr u64 kFastReturn = 1 << 24;
  static constexpr u64 kNoSyscall = ~u64{0};

  static constexpr u64 kUserCode = 0x33;  // the selectors that Linux programs see
  static constexpr u64 kUserData = 0x2b;

  static constexpr u64 kFlagCarry = 1 << 0;
  static constexpr u64 kFlagFixed = 1 << 1;  // always reads 1
  static constexpr u64 kFlagTrap = 1 << 8;
  static constexpr u64 kFlagInterrupt = 1 << 9;
  static constexpr u64 kFlagDirection = 1 << 10;
  // What a program may set for itself: CF PF AF ZF SF TF DF OF RF AC.
  static constexpr u64 kUserFlags = 0x50dd5;

  void leave_fast_path() { origin &= ~kFastReturn; }
  u8 vector() const { return static_cast<u8>(origin); }
  u16 error_code() const { return static_cast<u16>(origin >> 8); }
  bool in_syscall() const { return static_cast<i64>(orig_rax) >= 0; }

  bool from_user() const { return (cs & 3) != 0; }
  VirtAddr instruction_pointer() const { return rip; }
  VirtAddr stack_pointer() const { return rsp; }
  VirtAddr frame_pointer() const { return rbp; }
  u64 syscall_number() const { return orig_rax; }
  u64 syscall_argument(unsigned index) const {
    switch (index) {
      case 0: return rdi;
      case 1: return rsi;
      case 2: return rdx;
      case 3: return r10;  // rcx is the instruction pointer: SYSCALL takes it
      case 4: return r8;
      default: return r9;
    }
  }
  i64 result() const { return static_cast<i64>(rax); }

  void set_instruction_pointer(VirtAddr address) {
    rip = address;
    leave_fast_path();
  }
  void set_stack_pointer(VirtAddr address) { rsp = address; }
  void set_result(i64 value) { rax = static_cast<u64>(value); }
  // SYSCALL is two bytes long; the arguments are untouched in their registers.
  void restart_syscall() { restart_syscall_as(orig_rax); }
  void restart_syscall_as(u64 number) {
    rax = number;
    rip -= 2;
  }
};
static_assert(sizeof(TrapFrame) == 176 && sizeof(TrapFrame) % 16 == 0);

}  // namespace hal::arch
