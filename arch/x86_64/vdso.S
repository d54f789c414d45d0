/*
 * The parts of the vDSO that are not C++. Its entry point is what a signal handler without a restorer of its own returns
 * to; C libraries bring one on x86-64.
 */
#include "arch/x86_64/asm.h"

  .text
  .globl vdso_rt_sigreturn
  .hidden vdso_rt_sigreturn
  .type vdso_rt_sigreturn, @function
vdso_rt_sigreturn:
  movl $15, %eax /* rt_sigreturn */
  syscall
  ud2
  .size vdso_rt_sigreturn, . - vdso_rt_sigreturn

/*
 * int __vdso_getcpu(unsigned* cpu, unsigned* node, void*): both are in the limit of a segment that programs may look at
 * (gdt.cpp). Either pointer may be null.
 */
  .globl __vdso_getcpu
  .type __vdso_getcpu, @function
  .balign 16
__vdso_getcpu:
  .cfi_startproc
  movl $SELECTOR_CPU_NUMBER, %eax
  lsll %eax, %eax
  testq %rdi, %rdi
  jz 1f
  movl %eax, %ecx
  andl $CPU_NUMBER_MASK, %ecx
  movl %ecx, (%rdi)
1:
  testq %rsi, %rsi
  jz 2f
  shrl $CPU_NUMBER_BITS, %eax
  movl %eax, (%rsi)
2:
  xorl %eax, %eax
  ret
  .cfi_endproc
  .size __vdso_getcpu, . - __vdso_getcpu

  .section .note.GNU-stack, "", @progbits
