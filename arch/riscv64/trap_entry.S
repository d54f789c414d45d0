/*
 * The one entry of system calls, exceptions and interrupts, and the way back.
 *
 * sscratch is 0 while the CPU is in the kernel, and the top of the thread's kernel stack while it is in user mode; the frame
 * there holds the kernel's tp. So one exchange with sp tells where we come from and leaves a stack to save registers
 * on. Traps clear sstatus.SIE; it stays clear but where C++ sets it.
 *
 * The whole TrapFrame is built even for system calls, because signals, fork and ptrace want it, but on the way back from
 * those only what C++ may have destroyed is loaded (TrapFrame::fast_return).
 */
#include "asm.h"

/* kernel::on_syscall(hal::TrapFrame&), kernel::on_return_to_user(hal::TrapFrame&) */
#define ON_SYSCALL _ZN6kernel10on_syscallERN3hal4arch9TrapFrameE
#define ON_RETURN_TO_USER _ZN6kernel17on_return_to_userERN3hal4arch9TrapFrameE

/* `sd` or `ld` of all registers but sp, tp and t0; those that C++ functions and hal_switch_stack() preserve apart. */
.macro CALLER_SAVED move
  \move ra, FRAME_RA(sp)
  \move gp, FRAME_GP(sp)
  \move t1, FRAME_T1(sp)
  \move t2, FRAME_T2(sp)
  \move a0, FRAME_A0(sp)
  \move a1, FRAME_A1(sp)
  \move a2, FRAME_A2(sp)
  \move a3, FRAME_A3(sp)
  \move a4, FRAME_A4(sp)
  \move a5, FRAME_A5(sp)
  \move a6, FRAME_A6(sp)
  \move a7, FRAME_A7(sp)
  \move t3, FRAME_T3(sp)
  \move t4, FRAME_T4(sp)
  \move t5, FRAME_T5(sp)
  \move t6, FRAME_T6(sp)
.endm
.macro CALLEE_SAVED move
  \move s0, FRAME_S0(sp)
  \move s1, FRAME_S1(sp)
  \move s2, FRAME_S2(sp)
  \move s3, FRAME_S3(sp)
  \move s4, FRAME_S4(sp)
  \move s5, FRAME_S5(sp)
  \move s6, FRAME_S6(sp)
  \move s7, FRAME_S7(sp)
  \move s8, FRAME_S8(sp)
  \move s9, FRAME_S9(sp)
  \move s10, FRAME_S10(sp)
  \move s11, FRAME_S11(sp)
.endm

/* A reservation of whoever we interrupted, or of our own, must not survive (unprivileged specification 20240411, 13.2):
   a store that fails, or hits memory without a meaning. */
.macro DROP_RESERVATION
  addi t0, sp, FRAME_FAST
  sc.d zero, zero, (t0)
.endm

  .text
  .balign 4
FUNCTION hal_riscv_trap_entry
  csrrw sp, sscratch, sp
  beqz sp, from_kernel
  addi sp, sp, -FRAME_SIZE
  sd t0, FRAME_T0(sp)
  CALLER_SAVED sd
  CALLEE_SAVED sd
  sd tp, FRAME_TP(sp)
  ld tp, FRAME_THREAD(sp)
  csrrw t0, sscratch, zero
  csrr t1, sepc
  csrr t2, sstatus
  csrr t3, scause
  sd t0, FRAME_SP(sp)
  sd t2, FRAME_STATUS(sp)
  sd t3, FRAME_CAUSE(sp)
  li t0, CAUSE_USER_CALL
  bne t3, t0, other_user_trap

  addi t1, t1, 4  /* behind the ECALL */
  sd t1, FRAME_PC(sp)
  sd a0, FRAME_ORIG_A0(sp)
  sd t0, FRAME_FAST(sp)
  csrsi sstatus, STATUS_SIE
  mv a0, sp
  call ON_SYSCALL
  csrci sstatus, STATUS_SIE
syscall_exit:
  lw t0, THREAD_WORK(tp)
  bnez t0, syscall_work
  ld t0, FRAME_FAST(sp)
  beqz t0, user_restore
  sd tp, FRAME_THREAD(sp)
  ld t0, FRAME_PC(sp)
  ld t1, FRAME_STATUS(sp)
  addi t2, sp, FRAME_SIZE
  csrw sepc, t0
  csrw sstatus, t1
  csrw sscratch, t2
  ld tp, FRAME_TP(sp)
  ld t0, FRAME_T0(sp)
  CALLER_SAVED ld
  ld sp, FRAME_SP(sp)
  sret

syscall_work:
  mv a0, sp
  call ON_RETURN_TO_USER
  j syscall_exit

other_user_trap:
  csrr t0, stval
  sd t1, FRAME_PC(sp)
  sd t0, FRAME_VALUE(sp)
  mv a0, sp
  call hal_riscv_trap
/* To user mode with the TrapFrame at sp, on the thread's own stack. Interrupts off. */
user_exit:
  lw t0, THREAD_WORK(tp)
  bnez t0, user_work
user_restore:
  DROP_RESERVATION
  sd tp, FRAME_THREAD(sp)
  ld t0, FRAME_PC(sp)
  ld t1, FRAME_STATUS(sp)
  addi t2, sp, FRAME_SIZE
  csrw sepc, t0
  csrw sstatus, t1
  csrw sscratch, t2
  ld tp, FRAME_TP(sp)
  ld t0, FRAME_T0(sp)
  CALLER_SAVED ld
  CALLEE_SAVED ld
  ld sp, FRAME_SP(sp)
  sret

user_work:
  mv a0, sp
  call ON_RETURN_TO_USER
  j user_exit

/* sp = 0, sscratch = the kernel's sp. Nothing may be stored before it is known that the stack has room. */
from_kernel:
  csrr sp, sscratch
  addi sp, sp, -FRAME_SIZE
  srli sp, sp, KERNEL_STACK_SHIFT
  andi sp, sp, 1
  bnez sp, stack_overflow
  csrrw sp, sscratch, zero
  addi sp, sp, -FRAME_SIZE
  sd t0, FRAME_T0(sp)
  addi t0, sp, FRAME_SIZE
  sd t0, FRAME_SP(sp)
  CALLER_SAVED sd
  CALLEE_SAVED sd
  sd tp, FRAME_TP(sp)
  csrr t1, sepc
  li t2, STATUS_SUM
  csrrc t2, sstatus, t2  /* what follows is not the user access that may have been interrupted */
  csrr t3, scause
  csrr t4, stval
  sd t1, FRAME_PC(sp)
  sd t2, FRAME_STATUS(sp)
  sd t3, FRAME_CAUSE(sp)
  sd t4, FRAME_VALUE(sp)
  mv a0, sp
  call hal_riscv_trap
  DROP_RESERVATION
  ld t0, FRAME_PC(sp)
  ld t1, FRAME_STATUS(sp)
  csrw sepc, t0
  csrw sstatus, t1
  ld t0, FRAME_T0(sp)
  CALLER_SAVED ld
  CALLEE_SAVED ld
  ld sp, FRAME_SP(sp)
  sret

/* sscratch = the kernel's sp. This CPU is lost: on the emergency stack it can still say so. */
stack_overflow:
  ld sp, THREAD_CPU(tp)
  ld sp, CPU_EMERGENCY_STACK(sp)
  addi sp, sp, -FRAME_SIZE
  sd t0, FRAME_T0(sp)
  CALLER_SAVED sd
  CALLEE_SAVED sd
  sd tp, FRAME_TP(sp)
  csrrw t0, sscratch, zero
  csrr t1, sepc
  csrr t2, sstatus
  csrr t3, scause
  csrr t4, stval
  sd t0, FRAME_SP(sp)
  sd t1, FRAME_PC(sp)
  sd t2, FRAME_STATUS(sp)
  sd t3, FRAME_CAUSE(sp)
  sd t4, FRAME_VALUE(sp)
  mv a0, sp
  call hal_riscv_stack_overflow
END_FUNCTION hal_riscv_trap_entry

/* [[noreturn]] void hal_riscv_return_to_user() */
FUNCTION hal_riscv_return_to_user
  ld sp, THREAD_KERNEL_STACK(tp)
  addi sp, sp, -FRAME_SIZE
  j user_exit
END_FUNCTION hal_riscv_return_to_user

  .section .note.GNU-stack, "", @progbits
