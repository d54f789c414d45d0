/*
 * The first instructions of every CPU but the boot one: from real mode at a page below 1 MiB to C++ at virtual
 * addresses.
 *
 * smp.cpp copies what is between the two labels to that page and fills in the block at its end. The boot root maps the
 * page onto itself and the kernel half as well; the kernel's own root replaces it at once (hal_x86_secondary_main).
 */
#include "asm.h"

  .section .rodata.trampoline, "a"
  .balign 16
  .globl hal_x86_trampoline_start, hal_x86_trampoline_end, hal_x86_trampoline_block
  .hidden hal_x86_trampoline_start, hal_x86_trampoline_end, hal_x86_trampoline_block
hal_x86_trampoline_start:
  .code16
  cli
  cld
  /* SIPI: CS = page << 8, IP = 0 (Intel SDM vol. 3A 9.4.4). ebx = the page's address. */
  movw %cs, %ax
  movw %ax, %ds
  xorl %ebx, %ebx
  movw %ax, %bx
  shll $4, %ebx
  lgdtl trampoline_gdt_pointer - hal_x86_trampoline_start
  movl %cr0, %eax
  orl $1, %eax
  movl %eax, %cr0
  ljmpl *(trampoline_far32 - hal_x86_trampoline_start)

  .code32
trampoline_32:
  movl $0x18, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  movl trampoline_cr4 - hal_x86_trampoline_start(%ebx), %eax  /* PAE, and LA57 where there are five levels */
  movl %eax, %cr4
  movl trampoline_root - hal_x86_trampoline_start(%ebx), %eax
  movl %eax, %cr3
  movl $0xc0000080, %ecx
  rdmsr
  orl $((1 << 8) | (1 << 11)), %eax  /* LME, NXE */
  wrmsr
  movl %cr0, %eax
  andl $~((1 << 30) | (1 << 29)), %eax  /* caches are off after INIT on some CPUs */
  orl $((1 << 31) | (1 << 16) | 1), %eax  /* PG, WP, PE */
  movl %eax, %cr0
  ljmpl *trampoline_far64 - hal_x86_trampoline_start(%ebx)

  .code64
trampoline_64:
  movl %ebx, %ebx
  xorl %eax, %eax
  movl %eax, %fs
  movl %eax, %gs
  movq trampoline_stack - hal_x86_trampoline_start(%rbx), %rsp
  movq trampoline_entry - hal_x86_trampoline_start(%rbx), %rax
  xorl %ebp, %ebp
  call *%rax
  ud2

  .balign 8
trampoline_gdt:
  .quad 0
  .quad 0x00cf9b000000ffff  /* 0x08: 32-bit code */
  .quad 0x00af9b000000ffff  /* 0x10: 64-bit code */
  .quad 0x00cf93000000ffff  /* 0x18: data */
trampoline_gdt_end:

  /* struct TrampolineBlock (smp.cpp). The first three hold offsets, to which the page's address is added. */
  .balign 16
hal_x86_trampoline_block:
trampoline_far32:
  .long trampoline_32 - hal_x86_trampoline_start
  .word 0x08, 0
trampoline_far64:
  .long trampoline_64 - hal_x86_trampoline_start
  .word 0x10, 0
  .word 0
trampoline_gdt_pointer:
  .word trampoline_gdt_end - trampoline_gdt - 1
  .long trampoline_gdt - hal_x86_trampoline_start
trampoline_root:
  .long 0
trampoline_cr4:
  .long 0
trampoline_stack:
  .quad 0
trampoline_entry:
  .quad 0
hal_x86_trampoline_end:

  .section .note.GNU-stack, "", @progbits
