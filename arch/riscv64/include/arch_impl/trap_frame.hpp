// The registers of whoever was interrupted, lowest address first.
//
// From `pc` to `t6` the order is that of Linux's user_regs_struct (arch/riscv/include/uapi/asm/ptrace.h). asm.h repeats
// the offsets for the entry code.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

struct TrapFrame {
  u64 pc;  // of a system call: behind the ECALL
  u64 ra, sp, gp, tp, t0, t1, t2, s0, s1;
  u64 a0, a1, a2, a3, a4, a5, a6, a7;
  u64 s2, s3, s4, s5, s6, s7, s8, s9, s10, s11;
  u64 t3, t4, t5, t6;
  u64 status;       // sstatus; FS and VS say whether this program's registers of those kinds are in the CPU (fpu.hpp)
  u64 cause;        // scause
  u64 value;        // stval; not written by system calls
  u64 orig_a0;      // a system call's first argument, where the result goes afterwards
  VirtAddr thread;  // user mode: the kernel's tp for the next entry
  // Not 0: a system call brought us here, and s0 to s11 are what they were at the entry, so that the exit code need not
  // reload them. Whoever changes those calls leave_fast_path().
  u64 fast_return;

  static constexpr u64 kInterruptEnable = 1 << 1;  // SIE
  static constexpr u64 kInterruptBefore = 1 << 5;  // SPIE
  static constexpr u64 kFromSupervisor = 1 << 8;   // SPP
  static constexpr u64 kVectorMask = u64{3} << 9;  // VS
  static constexpr u64 kVectorOff = 0, kVectorInitial = u64{1} << 9, kVectorClean = u64{2} << 9,
                       kVectorDirty = u64{3} << 9;
  static constexpr u64 kFpuMask = u64{3} << 13;  // FS
  static constexpr u64 kFpuOff = 0, kFpuClean = u64{2} << 13, kFpuDirty = u64{3} << 13;
  static constexpr u64 kUserAccess = 1 << 18;       // SUM
  static constexpr u64 kExecReadable = 1 << 19;     // MXR
  static constexpr u64 kUserLength = u64{3} << 32;  // UXL

  void leave_fast_path() { fast_return = 0; }
  u64 fpu_status() const { return status & kFpuMask; }
  void set_fpu_status(u64 value_of_field) { status = (status & ~kFpuMask) | value_of_field; }
  u64 vector_status() const { return status & kVectorMask; }
  void set_vector_status(u64 value_of_field) { status = (status & ~kVectorMask) | value_of_field; }

  bool from_user() const { return (status & kFromSupervisor) == 0; }
  VirtAddr instruction_pointer() const { return pc; }
  VirtAddr stack_pointer() const { return sp; }
  VirtAddr frame_pointer() const { return s0; }
  u64 syscall_number() const { return a7; }
  u64 syscall_argument(unsigned index) const { return index == 0 ? orig_a0 : (&a0)[index]; }
  i64 result() const { return static_cast<i64>(a0); }

  void set_instruction_pointer(VirtAddr address) { pc = address; }
  void set_stack_pointer(VirtAddr address) { sp = address; }
  void set_result(i64 value_of_call) { a0 = static_cast<u64>(value_of_call); }
  // ECALL is four bytes long; its number is still in a7.
  void restart_syscall() {
    a0 = orig_a0;
    pc -= 4;
  }
  void restart_syscall_as(u64 number) {
    restart_syscall();
    a7 = number;
  }
};
static_assert(sizeof(TrapFrame) == 304 && sizeof(TrapFrame) % 16 == 0);

}  // namespace hal::arch
