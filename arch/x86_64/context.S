/* Switching between kernel stacks. */
#include "asm.h"

  .text
/* void hal_switch_stack(ThreadState* from, ThreadState* to): the stack pointer is the first member of both. */
FUNCTION hal_switch_stack
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq (%rsi), %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
END_FUNCTION hal_switch_stack

/* Where a new thread begins: prepare_thread() put the function into r12, its argument into r13, and 0 into rbp so that
   a backtrace ends here. */
FUNCTION hal_x86_thread_start
  movq %r13, %rdi
  call *%r12
  ud2
END_FUNCTION hal_x86_thread_start

  .section .note.GNU-stack, "", @progbits
