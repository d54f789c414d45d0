/*
 * The kernel's first instructions, with the Linux Image header for RISC-V (Linux Documentation/arch/riscv/boot-image-header
 * and boot): one hart enters in supervisor mode with paging off, a0 = its id, a1 = the device tree's address. Other harts come
 * through SBI HSM hart_start (SBI specification 2.0, 9.1) with what start_cpu() prepared at a1.
 */
#include "asm.h"

#define IMAGE_VERSION ((0 << 16) | 2)

  .section .text.head, "ax"
  .globl hal_riscv_image_head
  .hidden hal_riscv_image_head
hal_riscv_image_head:
  .option push
  .option norvc
  j enter
  .word 0
  .option pop
  .dword 0x200000                       /* where to load it, from the start of memory */
  .dword __kernel_end - __kernel_start  /* memory that it needs */
  .dword 0                              /* flags: little-endian */
  .word IMAGE_VERSION
  .word 0
  .dword 0
  .ascii "RISCV\0\0\0"
  .ascii "RSC\x05"
  .word 0

enter:
  csrw sie, zero
  csrci sstatus, STATUS_SIE
  lla t0, early_trap
  csrw stvec, t0
  lla t0, __bss_start
  lla t1, __bss_end
1:
  sd zero, (t0)
  addi t0, t0, 8
  bltu t0, t1, 1b
  lla sp, __boot_stack_end
  li s0, 0
  call hal_riscv_early_boot
  /* a0 = satp of the boot root, which maps this code both here and where the kernel runs, a1 = the distance */
  lla t0, high_entry
  add t0, t0, a1
  sfence.vma
  csrw satp, a0
  sfence.vma
  jr t0
high_entry:
  lla sp, __boot_stack_end
  li s0, 0
  call hal_riscv_boot_main
  .balign 4
early_trap:  /* too early to say anything */
  wfi
  j early_trap

/* a0 = hart id, a1 = physical address of a SecondaryStart (smp.cpp): satp, entry, stack, thread. */
  .balign 4
  .globl hal_riscv_secondary_entry
  .hidden hal_riscv_secondary_entry
hal_riscv_secondary_entry:
  csrw sie, zero
  csrci sstatus, STATUS_SIE
  ld t0, 0(a1)
  ld t1, 8(a1)
  ld sp, 16(a1)
  ld tp, 24(a1)
  li s0, 0
  li ra, 0
  lla t2, early_trap
  csrw stvec, t2
  sfence.vma
  csrw satp, t0
  sfence.vma
  jr t1

  .section .note.GNU-stack, "", @progbits
