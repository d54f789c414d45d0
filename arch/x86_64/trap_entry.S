/*
 * Entries of exceptions and interrupts, and the way back.
 *
 * Every stub leaves on the stack: the user's or kernel's rdi, the error code (or a dummy), and what the CPU pushed; the
 * vector is in edi. Interrupt gates everywhere: IF is clear here and in the C++ functions until they set it.
 *
 * GS base: entries that can only come from user mode or from kernel code behind its SWAPGS look at the saved CS. Debug
 * exceptions, NMI, double fault and machine check can come between any two instructions, when the GS base may still
 * or already be the user's; and with FSGSBASE the user can put a kernel address there, so that looking at its sign
 * proves nothing. They run on stacks of their own (IST) at whose top the CPU's anchor lies, load the GS base from there
 * and put back what they found.
 */
#include "asm.h"

/* rdi is on the stack already; edi = vector. */
.macro SAVE_REGISTERS
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
.endm

/* Pops all but what IRETQ takes. */
.macro RESTORE_REGISTERS
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbp
  popq %rbx
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rax
  popq %rcx
  popq %rdx
  popq %rsi
  popq %rdi
  addq $8, %rsp
.endm

/* Moves the error code to `origin`, beside the vector, and says in its place that this is no system call. */
.macro SAVE_ORIGIN
  movzwl FRAME_ORIG_RAX - 8(%rsp), %eax
  shll $8, %eax
  orl %eax, %edi
  pushq %rdi
  movq $-1, FRAME_ORIG_RAX(%rsp)
.endm

  .text

/* 256 stubs of 16 bytes each. */
  .balign 16
  .globl hal_x86_trap_stubs
  .hidden hal_x86_trap_stubs
hal_x86_trap_stubs:
.set vector, 0
.rept 256
  .balign 16
  /* The CPU pushes an error code for 8, 10-14, 17, 21, 29 and 30 (Intel SDM vol. 3A table 7-1, AMD APM vol. 2 8.2). */
  .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
  pushq $0
  .endif
  pushq %rdi
  movl $vector, %edi
  .if vector == 1
  jmp debug_entry
  .elseif vector == 2 || vector == 8 || vector == 18
  jmp paranoid_entry
  .elseif vector < 32
  jmp exception_entry
  .else
  jmp interrupt_entry
  .endif
.set vector, vector + 1
.endr

exception_entry:
  cld
  USER_ACCESS_OFF
  testb $3, 24(%rsp)
  jz exception_inside
  swapgs
exception_inside:
  SAVE_REGISTERS
  SAVE_ORIGIN
  movq %rsp, %rdi
  call hal_x86_exception
  jmp trap_exit

interrupt_entry:
  cld
  USER_ACCESS_OFF
  testb $3, 24(%rsp)
  jz 1f
  swapgs
1:
  SAVE_REGISTERS
  pushq %rdi
  movq $-1, FRAME_ORIG_RAX(%rsp)
  movq %rsp, %rdi
  call hal_x86_interrupt

/* Interrupts off. */
trap_exit:
  testb $3, FRAME_CS(%rsp)
  jnz hal_x86_user_exit
  RESTORE_REGISTERS
  iretq

/* A debug exception from user mode (single step) becomes a signal, which must not happen on the IST stack: it goes on
   as if it had come on the thread's own. */
debug_entry:
  cld
  testb $3, 24(%rsp)
  jz paranoid_entry
  swapgs
  movq %rsp, %rdi
  movq %gs:CPU_KERNEL_STACK, %rsp
  pushq 48(%rdi)
  pushq 40(%rdi)
  pushq 32(%rdi)
  pushq 24(%rdi)
  pushq 16(%rdi)
  pushq 8(%rdi)
  pushq (%rdi)
  movl $1, %edi
  USER_ACCESS_OFF
  jmp exception_inside

paranoid_entry:
  cld
  USER_ACCESS_OFF
  SAVE_REGISTERS
  SAVE_ORIGIN
  movl $MSR_GS_BASE, %ecx
  rdmsr
  movl %eax, %ebx
  movl %edx, %ebp
  movl FRAME_SIZE(%rsp), %eax
  movl FRAME_SIZE + 4(%rsp), %edx
  wrmsr
  movq %rsp, %rdi
  call hal_x86_paranoid_trap
  movl $MSR_GS_BASE, %ecx
  movl %ebx, %eax
  movl %ebp, %edx
  wrmsr
  RESTORE_REGISTERS
  iretq

/* To user mode with the TrapFrame at rsp, on the thread's own stack. Interrupts off, GS base the kernel's. */
  .balign 16
  .globl hal_x86_user_exit
  .hidden hal_x86_user_exit
hal_x86_user_exit:
  movq %gs:CPU_CURRENT, %rax
  cmpl $0, THREAD_WORK(%rax)
  jne user_work
  .globl hal_x86_user_restore
  .hidden hal_x86_user_restore
hal_x86_user_restore:
  testb $1, FRAME_FAST_BYTE(%rsp)
  jnz restore_fast
  /* IRETQ to a non-canonical address would fault in kernel mode with the user's GS base. */
  movq FRAME_RIP(%rsp), %rax
  cmpq hal_x86_user_limit(%rip), %rax
  jae bad_instruction_pointer
  RESTORE_REGISTERS
  swapgs
  iretq

restore_fast:  /* a new thread's way out of the system call that made it */
  movq FRAME_R15(%rsp), %r15
  movq FRAME_R14(%rsp), %r14
  movq FRAME_R13(%rsp), %r13
  movq FRAME_R12(%rsp), %r12
  movq FRAME_RBP(%rsp), %rbp
  movq FRAME_RBX(%rsp), %rbx
  jmp hal_x86_fast_return

user_work:
  movq %rsp, %rdi
  call hal_x86_return_work
  jmp hal_x86_user_exit

bad_instruction_pointer:
  movq %rsp, %rdi
  call hal_x86_bad_instruction_pointer
  jmp hal_x86_user_exit

/* [[noreturn]] void hal_x86_return_to_user() */
FUNCTION hal_x86_return_to_user
  movq %gs:CPU_CURRENT, %rax
  movq THREAD_KERNEL_STACK(%rax), %rsp
  movq %rsp, %gs:CPU_KERNEL_STACK
  movq %gs:CPU_LOCAL, %rdx
  movq %rsp, LOCAL_TSS_RSP0(%rdx)
  subq $FRAME_SIZE, %rsp
  jmp hal_x86_user_exit
END_FUNCTION hal_x86_return_to_user

  .section .note.GNU-stack, "", @progbits
