/*
 * Entries of exceptions, interrupts and system calls, and the way back (Arm ARM D1.3).
 *
 * While user mode runs, SP_EL1 is the top of the thread's kernel stack, and TPIDR_EL1 is the thread always: an entry needs
 * neither to look for a stack nor to touch either. The whole TrapFrame is saved because signals, fork and ptrace want
 * it. D, A, I and F are masked at every entry; D and F stay so.
 *
 * A kernel stack that runs over ends in its guard page, where the bit kKernelStackSize of the stack pointer is set: entries
 * from kernel mode look at it before they store anything, and report the overflow from the CPU's emergency stack.
 */
#include "asm.h"

/* kernel::on_syscall(hal::TrapFrame&) */
#define ON_SYSCALL _ZN6kernel10on_syscallERN3hal4arch9TrapFrameE

#define EC_SHIFT 26
#define EC_SVC64 0x15

#define UNEXPECTED_FIQ           0
#define UNEXPECTED_ERROR         1
#define UNEXPECTED_OVERFLOW      2
#define UNEXPECTED_STACK_POINTER 3
#define UNEXPECTED_AARCH32       4

/* sp is lowered and x0, x1 are saved. Afterwards x22 = the interrupted pc. `level` is that which was interrupted. */
.macro SAVE_REGISTERS level
  stp x2, x3, [sp, #FRAME_X(2)]
  stp x4, x5, [sp, #FRAME_X(4)]
  stp x6, x7, [sp, #FRAME_X(6)]
  stp x8, x9, [sp, #FRAME_X(8)]
  stp x10, x11, [sp, #FRAME_X(10)]
  stp x12, x13, [sp, #FRAME_X(12)]
  stp x14, x15, [sp, #FRAME_X(14)]
  stp x16, x17, [sp, #FRAME_X(16)]
  stp x18, x19, [sp, #FRAME_X(18)]
  stp x20, x21, [sp, #FRAME_X(20)]
  stp x22, x23, [sp, #FRAME_X(22)]
  stp x24, x25, [sp, #FRAME_X(24)]
  stp x26, x27, [sp, #FRAME_X(26)]
  stp x28, x29, [sp, #FRAME_X(28)]
  .if \level == 0
  mrs x21, sp_el0
  .else
  add x21, sp, #FRAME_SIZE
  .endif
  mrs x22, elr_el1
  mrs x23, spsr_el1
  stp x30, x21, [sp, #FRAME_X(30)]
  stp x22, x23, [sp, #FRAME_PC]
.endm

/* This is no system call: orig_x0 and its number, syndrome and fault address. */
.macro SAVE_CAUSE syndrome, address
  mov x25, #-1
  stp x0, x25, [sp, #FRAME_ORIG_X0]
  stp \syndrome, \address, [sp, #FRAME_SYNDROME]
.endm

/* Links the frame into the chain of frame records, behind which a backtrace finds the interrupted function. */
.macro LINK_FRAME
  stp x29, x22, [sp, #FRAME_RECORD]
  add x29, sp, #FRAME_RECORD
.endm

/* All but sp; x21 and x22 hold pc and pstate. */
.macro RESTORE_REGISTERS
  msr elr_el1, x21
  msr spsr_el1, x22
  ldp x0, x1, [sp, #FRAME_X(0)]
  ldp x2, x3, [sp, #FRAME_X(2)]
  ldp x4, x5, [sp, #FRAME_X(4)]
  ldp x6, x7, [sp, #FRAME_X(6)]
  ldp x8, x9, [sp, #FRAME_X(8)]
  ldp x10, x11, [sp, #FRAME_X(10)]
  ldp x12, x13, [sp, #FRAME_X(12)]
  ldp x14, x15, [sp, #FRAME_X(14)]
  ldp x16, x17, [sp, #FRAME_X(16)]
  ldp x18, x19, [sp, #FRAME_X(18)]
  ldp x20, x21, [sp, #FRAME_X(20)]
  ldp x22, x23, [sp, #FRAME_X(22)]
  ldp x24, x25, [sp, #FRAME_X(24)]
  ldp x26, x27, [sp, #FRAME_X(26)]
  ldp x28, x29, [sp, #FRAME_X(28)]
  ldr x30, [sp, #FRAME_X(30)]
  add sp, sp, #FRAME_SIZE
.endm

.macro USER_VECTOR target
  .balign 128
  sub sp, sp, #FRAME_SIZE
  stp x0, x1, [sp, #FRAME_X(0)]
  b \target
.endm

/* No register is free to look at sp: it and x0 are added and subtracted until x0 holds sp and both are back. */
.macro KERNEL_VECTOR target
  .balign 128
  sub sp, sp, #FRAME_SIZE
  add sp, sp, x0
  sub x0, sp, x0
  tbnz x0, #STACK_OVERFLOW_BIT, 1f
  sub x0, sp, x0
  sub sp, sp, x0
  stp x0, x1, [sp, #FRAME_X(0)]
  b \target
1:
  b stack_overflow
.endm

.macro UNEXPECTED_VECTOR what
  .balign 128
  sub sp, sp, #FRAME_SIZE
  stp x0, x1, [sp, #FRAME_X(0)]
  mov x1, #\what
  b unexpected
.endm

  .section .text.vectors, "ax"
  .balign 2048
  .globl hal_aarch64_vectors
  .hidden hal_aarch64_vectors
hal_aarch64_vectors:
  /* From EL1 with SP_EL0, which the kernel never uses. */
  UNEXPECTED_VECTOR UNEXPECTED_STACK_POINTER
  UNEXPECTED_VECTOR UNEXPECTED_STACK_POINTER
  UNEXPECTED_VECTOR UNEXPECTED_STACK_POINTER
  UNEXPECTED_VECTOR UNEXPECTED_STACK_POINTER
  /* From EL1 with SP_EL1. */
  KERNEL_VECTOR kernel_exception
  KERNEL_VECTOR kernel_interrupt
  UNEXPECTED_VECTOR UNEXPECTED_FIQ
  UNEXPECTED_VECTOR UNEXPECTED_ERROR
  /* From EL0, AArch64. */
  USER_VECTOR user_exception
  USER_VECTOR user_interrupt
  UNEXPECTED_VECTOR UNEXPECTED_FIQ
  UNEXPECTED_VECTOR UNEXPECTED_ERROR
  /* From EL0, AArch32, which is never entered. */
  UNEXPECTED_VECTOR UNEXPECTED_AARCH32
  UNEXPECTED_VECTOR UNEXPECTED_AARCH32
  UNEXPECTED_VECTOR UNEXPECTED_AARCH32
  UNEXPECTED_VECTOR UNEXPECTED_AARCH32

  .text
user_exception:
  SAVE_REGISTERS 0
  mrs x24, esr_el1
  mov x29, xzr
  lsr x25, x24, #EC_SHIFT
  cmp x25, #EC_SVC64
  b.ne 1f
  mov w8, w8  /* Linux takes the number from w8 */
  stp x0, x8, [sp, #FRAME_ORIG_X0]
  stp x24, xzr, [sp, #FRAME_SYNDROME]
  mov x0, sp
  msr daifclr, #6
  bl ON_SYSCALL
  msr daifset, #6
  b hal_aarch64_user_exit
1:
  mrs x26, far_el1
  SAVE_CAUSE x24, x26
  mov x0, sp
  bl hal_aarch64_user_exception
  b hal_aarch64_user_exit

user_interrupt:
  SAVE_REGISTERS 0
  SAVE_CAUSE xzr, xzr
  mov x29, xzr
  mov x0, sp
  bl hal_aarch64_interrupt

/* To user mode with the TrapFrame at sp, on the thread's own stack. Interrupts off. */
hal_aarch64_user_exit:
  mrs x0, tpidr_el1
  ldr w1, [x0, #THREAD_WORK]
  cbnz w1, 1f
  msr daifset, #4  /* what follows must not be interrupted by anything */
  ldp x21, x22, [sp, #FRAME_PC]
  ldr x23, [sp, #FRAME_SP]
  msr sp_el0, x23
  RESTORE_REGISTERS
  eret
1:
  mov x0, sp
  bl hal_aarch64_return_work
  b hal_aarch64_user_exit

kernel_exception:
  SAVE_REGISTERS 1
  mrs x24, esr_el1
  mrs x26, far_el1
  SAVE_CAUSE x24, x26
  LINK_FRAME
  mov x0, sp
  bl hal_aarch64_kernel_exception
  b kernel_exit

kernel_interrupt:
  SAVE_REGISTERS 1
  SAVE_CAUSE xzr, xzr
  LINK_FRAME
  mov x0, sp
  bl hal_aarch64_interrupt
kernel_exit:
  msr daifset, #6
  ldp x21, x22, [sp, #FRAME_PC]
  RESTORE_REGISTERS
  eret

/* sp and x0 as KERNEL_VECTOR left them: x0 = what sp was to become, sp - x0 = the interrupted x0. The registers that hold
   what must be remembered are the user's thread pointers: no program runs on after this. */
stack_overflow:
  msr tpidr_el0, x0
  sub x0, sp, x0
  msr tpidrro_el0, x0
  mrs x0, tpidr_el1
  ldr x0, [x0, #THREAD_CPU]
  ldr x0, [x0, #CPU_EMERGENCY_STACK]
  mov sp, x0
  sub sp, sp, #FRAME_SIZE
  mrs x0, tpidrro_el0
  stp x0, x1, [sp, #FRAME_X(0)]
  SAVE_REGISTERS 1
  mrs x21, tpidr_el0
  add x21, x21, #FRAME_SIZE
  str x21, [sp, #FRAME_SP]
  mov x1, #UNEXPECTED_OVERFLOW
  b 1f

/* x1 = why. */
unexpected:
  SAVE_REGISTERS 1
  and x24, x23, #0xf  /* the mode that was interrupted */
  cbnz x24, 1f
  mrs x21, sp_el0
  str x21, [sp, #FRAME_SP]
1:
  mrs x24, esr_el1
  mrs x26, far_el1
  SAVE_CAUSE x24, x26
  LINK_FRAME
  mov x0, sp
  bl hal_aarch64_unexpected
  brk #0

/* [[noreturn]] void hal_aarch64_return_to_user() */
FUNCTION hal_aarch64_return_to_user
  mrs x0, tpidr_el1
  ldr x0, [x0, #THREAD_KERNEL_STACK]
  sub sp, x0, #FRAME_SIZE
  mov x29, xzr
  b hal_aarch64_user_exit
END_FUNCTION hal_aarch64_return_to_user

  .section .note.GNU-stack, "", %progbits
