/*
 * System calls: SYSCALL in, SYSRET out (Intel SDM vol. 2B; IA32_FMASK clears IF, TF, DF and AC among others).
 *
 * The whole TrapFrame is built because signals, fork and ptrace want it, but on the way back only what C++ may have
 * destroyed is loaded: rbx, rbp and r12 to r15 still are the user's. That holds while kFastReturn is set in the frame's
 * origin; whoever changes registers behind our back clears it (trap_frame.hpp).
 *
 * SYSRET's known trap, a return to a non-canonical address with the user's stack pointer in kernel mode, cannot happen:
 * the address is that behind a SYSCALL instruction below user_end().
 */
#include "asm.h"

/* kernel::on_syscall(hal::TrapFrame&) */
#define ON_SYSCALL _ZN6kernel10on_syscallERN3hal4arch9TrapFrameE

  .text
FUNCTION hal_x86_syscall_entry
  swapgs
  movq %rsp, %gs:CPU_SCRATCH
  movq %gs:CPU_KERNEL_STACK, %rsp
  pushq $SELECTOR_USER_DATA
  pushq %gs:CPU_SCRATCH
  sti
  pushq %r11
  pushq $SELECTOR_USER_CODE
  pushq %rcx
  pushq %rax  /* orig_rax */
  pushq %rdi
  pushq %rsi
  pushq %rdx
  pushq %rcx
  pushq %rax
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  pushq $FRAME_FAST_RETURN
  movq %rsp, %rdi
  call ON_SYSCALL
  cli
syscall_exit:
  movq %gs:CPU_CURRENT, %rax
  cmpl $0, THREAD_WORK(%rax)
  jne syscall_work
  testb $1, FRAME_FAST_BYTE(%rsp)
  jz hal_x86_user_restore
  .globl hal_x86_fast_return
  .hidden hal_x86_fast_return
hal_x86_fast_return:
  movq FRAME_R10(%rsp), %r10
  movq FRAME_R9(%rsp), %r9
  movq FRAME_R8(%rsp), %r8
  movq FRAME_RAX(%rsp), %rax
  movq FRAME_RDX(%rsp), %rdx
  movq FRAME_RSI(%rsp), %rsi
  movq FRAME_RDI(%rsp), %rdi
  movq FRAME_RFLAGS(%rsp), %r11
  movq FRAME_RIP(%rsp), %rcx
  movq FRAME_RSP(%rsp), %rsp
  swapgs
  sysretq

syscall_work:
  movq %rsp, %rdi
  call hal_x86_return_work
  jmp syscall_exit
END_FUNCTION hal_x86_syscall_entry

  .section .note.GNU-stack, "", @progbits
