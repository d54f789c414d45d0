/* Switching between kernel stacks. */
#include "asm.h"

#define SWITCH_SIZE 112

.macro SWITCHED move
  \move ra, 0(sp)
  \move s0, 8(sp)
  \move s1, 16(sp)
  \move s2, 24(sp)
  \move s3, 32(sp)
  \move s4, 40(sp)
  \move s5, 48(sp)
  \move s6, 56(sp)
  \move s7, 64(sp)
  \move s8, 72(sp)
  \move s9, 80(sp)
  \move s10, 88(sp)
  \move s11, 96(sp)
.endm

  .text
/* void hal_switch_stack(ThreadState* from, ThreadState* to): the stack pointer is the first member of both. */
FUNCTION hal_switch_stack
  addi sp, sp, -SWITCH_SIZE
  SWITCHED sd
  sd sp, (a0)
  ld sp, (a1)
  SWITCHED ld
  addi sp, sp, SWITCH_SIZE
  ret
END_FUNCTION hal_switch_stack

/* Where a new thread begins: prepare_thread() put the function into s1, its argument into s2, and 0 into s0 so that
   a backtrace ends here. */
FUNCTION hal_riscv_thread_start
  mv a0, s2
  jalr s1
  unimp
END_FUNCTION hal_riscv_thread_start

  .section .note.GNU-stack, "", @progbits
