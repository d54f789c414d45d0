/*
 * The first instructions: from a boot loader, or from firmware that starts another CPU, to C++.
 *
 * The boot protocol is Linux's (Documentation/arch/arm64/booting.rst): MMU off, interrupts masked, EL2 or EL1, x0 = the
 * device tree's physical address, the image at any multiple of 2 MiB and its memory clean in the caches. Other CPUs come
 * by PSCI CPU_ON (Arm DEN 0022F.b, 5.1.4) in the same state. Everything is reached relative to the program counter.
 */
#include "asm.h"

/* SCTLR_EL1 without MMU and caches: the bits that are RES1 in Armv8.0 (Arm ARM D19.2.140). */
#define SCTLR_OFF 0x30d00800

/* Fields of ID registers, by their lowest bit. */
#define PFR0_GIC 24
#define DFR0_PMU 8
#define MMFR0_FGT 56
#define MMFR1_HCX 40

  .section .text.head, "ax"
FUNCTION hal_aarch64_head
  ccmp x18, #0, #0xd, pl  /* does nothing, and reads as "MZ": a program of the firmware's (efi.S) */
  b primary_entry
  .quad 0                /* text_offset */
  .long __image_size, 0
  .quad 1 << 3 | 1 << 1  /* little-endian, 4 KiB pages, anywhere in memory */
  .quad 0, 0, 0
  .ascii "ARM\x64"
  .long hal_aarch64_pe_header - hal_aarch64_head
END_FUNCTION hal_aarch64_head
#include "efi_header.inc"

primary_entry:
  mov x21, x0
  bl drop_to_el1
  /* What lies in the caches for the bss must not be written back over what we write behind their back. */
  ADDRESS x0, __bss_start
  ADDRESS x1, __bss_end
  bl hal_aarch64_invalidate
  ADDRESS x0, __bss_start
  ADDRESS x1, __bss_end
1:
  stp xzr, xzr, [x0], #16
  cmp x0, x1
  b.lo 1b
  ADDRESS x0, __boot_stack_end
  mov sp, x0
  mov x29, xzr
  mov x0, x21
  bl hal_aarch64_early_boot
  /* And what was fetched ahead into the caches is stale now. */
  ADDRESS x0, __kernel_start
  ADDRESS x1, __kernel_end
  bl hal_aarch64_invalidate
  ADDRESS x0, hal_aarch64_boot_block
  bl enable_mmu
  ADDRESS x0, __boot_stack_end
  mov sp, x0
  bl hal_aarch64_boot_main
  brk #0

  .globl hal_aarch64_secondary_entry
  .hidden hal_aarch64_secondary_entry
hal_aarch64_secondary_entry:
  bl drop_to_el1
  ADDRESS x0, hal_aarch64_boot_block
  ldr x21, [x0, #BLOCK_STACK]
  bl enable_mmu
  mov sp, x21
  mov x29, xzr
  bl hal_aarch64_secondary_main
  brk #0

/* x0 = BootBlock. Turns the MMU on and returns to the caller's virtual address. Runs where TTBR0 maps it onto itself, which
   is the page that holds this section's beginning. */
enable_mmu:
  ldp x1, x2, [x0, #BLOCK_TTBR0]
  ldp x3, x4, [x0, #BLOCK_TCR]
  ldp x5, x6, [x0, #BLOCK_SCTLR]
  dsb sy
  msr ttbr0_el1, x1
  msr ttbr1_el1, x2
  msr tcr_el1, x3
  msr mair_el1, x4
  isb
  tlbi vmalle1
  dsb nsh
  ic iallu
  dsb nsh
  isb
  msr sctlr_el1, x5
  isb
  add x30, x30, x6
  ret

/* To EL1 with MMU and caches off, interrupts masked. Uses x9 to x11. */
drop_to_el1:
  movz x9, #SCTLR_OFF >> 16, lsl #16
  movk x9, #SCTLR_OFF & 0xffff
  msr sctlr_el1, x9
  isb
  mrs x9, CurrentEL
  cmp x9, #2 << 2
  b.ne 9f
  /* HCR_EL2: EL1 is AArch64, pointer authentication does not trap, no VHE. */
  movz x9, #0x8000, lsl #16  /* bit 31 */
  movk x9, #0x0300, lsl #32  /* bits 40 and 41 */
  msr hcr_el2, x9
  isb
  mov x9, #3  /* CNTHCTL_EL2: EL1 may use the physical counter and timer */
  msr cnthctl_el2, x9
  msr cntvoff_el2, xzr
  mov x9, #0x33ff  /* CPTR_EL2: RES1 bits; FP and SIMD do not trap */
  msr cptr_el2, x9
  msr hstr_el2, xzr
  msr vttbr_el2, xzr
  mrs x9, midr_el1
  msr vpidr_el2, x9
  mrs x9, mpidr_el1
  msr vmpidr_el2, x9
  /* MDCR_EL2.HPMN: all event counters are EL1's. */
  mov x11, xzr
  mrs x9, id_aa64dfr0_el1
  ubfx x9, x9, #DFR0_PMU, #4
  sub x10, x9, #1
  cmp x10, #0xf - 1
  b.hs 1f
  mrs x9, pmcr_el0
  ubfx x11, x9, #11, #5
1:
  msr mdcr_el2, x11
  /* Fine-grained traps (FEAT_FGT) and HCRX_EL2 (FEAT_HCX): none. */
  mrs x9, id_aa64mmfr0_el1
  ubfx x9, x9, #MMFR0_FGT, #4
  cbz x9, 2f
  msr s3_4_c1_c1_4, xzr  /* HFGRTR_EL2 */
  msr s3_4_c1_c1_5, xzr  /* HFGWTR_EL2 */
  msr s3_4_c1_c1_6, xzr  /* HFGITR_EL2 */
  msr s3_4_c3_c1_4, xzr  /* HDFGRTR_EL2 */
  msr s3_4_c3_c1_5, xzr  /* HDFGWTR_EL2 */
2:
  mrs x9, id_aa64mmfr1_el1
  ubfx x9, x9, #MMFR1_HCX, #4
  cbz x9, 3f
  msr s3_4_c1_c2_2, xzr  /* HCRX_EL2 */
3:
  /* GICv3: EL1 uses the system registers (GICv3 specification, IHI 0069H 12.2.20: SRE and Enable). */
  mrs x9, id_aa64pfr0_el1
  ubfx x9, x9, #PFR0_GIC, #4
  cbz x9, 4f
  mrs x9, s3_4_c12_c9_5  /* ICC_SRE_EL2 */
  mov x10, #9
  orr x9, x9, x10
  msr s3_4_c12_c9_5, x9
  isb
  mrs x9, s3_4_c12_c9_5
  tbz x9, #0, 4f
  msr s3_4_c12_c11_0, xzr  /* ICH_HCR_EL2 */
4:
  mov x9, #0x3c5  /* EL1h, D A I F masked */
  msr spsr_el2, x9
  msr elr_el2, x30
  eret
9:
  ret

/* x0 = start, x1 = end: drops the range from the data caches without writing it back. Uses x2 and x3. */
FUNCTION hal_aarch64_invalidate
  mrs x2, ctr_el0
  ubfx x2, x2, #16, #4  /* DminLine: log2 of words in the smallest line */
  mov x3, #4
  lsl x3, x3, x2
  sub x2, x3, #1
  bic x0, x0, x2
1:
  dc ivac, x0
  add x0, x0, x3
  cmp x0, x1
  b.lo 1b
  dsb sy
  ret
END_FUNCTION hal_aarch64_invalidate

  .section .note.GNU-stack, "", %progbits
