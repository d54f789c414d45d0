/* Switching between kernel stacks. */
#include "asm.h"

#define SWITCH_FRAME_SIZE 96

  .text
/* void hal_switch_stack(ThreadState* from, ThreadState* to): the stack pointer is the first member of both. */
FUNCTION hal_switch_stack
  stp x29, x30, [sp, #-SWITCH_FRAME_SIZE]!
  stp x19, x20, [sp, #16]
  stp x21, x22, [sp, #32]
  stp x23, x24, [sp, #48]
  stp x25, x26, [sp, #64]
  stp x27, x28, [sp, #80]
  mov x9, sp
  str x9, [x0]
  ldr x9, [x1]
  mov sp, x9
  ldp x19, x20, [sp, #16]
  ldp x21, x22, [sp, #32]
  ldp x23, x24, [sp, #48]
  ldp x25, x26, [sp, #64]
  ldp x27, x28, [sp, #80]
  ldp x29, x30, [sp], #SWITCH_FRAME_SIZE
  ret
END_FUNCTION hal_switch_stack

/* Where a new thread begins: prepare_thread() put the function into x19, its argument into x20, and 0 into x29 so that a
   backtrace ends here. */
FUNCTION hal_aarch64_thread_start
  mov x0, x20
  blr x19
  brk #0
END_FUNCTION hal_aarch64_thread_start

  .section .note.GNU-stack, "", %progbits
