/* From the firmware's environment to the boot protocol, around efi.cpp. */
#include "asm.h"

  .section .text.efi, "ax"

/* What the firmware calls: x0 = our handle, x1 = the system table. Returns with a status if nothing came of it. */
FUNCTION hal_aarch64_efi_entry
  b hal_aarch64_efi_main
END_FUNCTION hal_aarch64_efi_entry

/*
 * hal_aarch64_efi_enter(device tree, kernel): called in the copy of the image that was cleaned to memory. MMU and caches
 * off, interrupts masked, x1 to x3 zero (Documentation/arch/arm64/booting.rst).
 */
FUNCTION hal_aarch64_efi_enter
  msr daifset, #0xf
  mov x4, x1
  movz x2, #1 << 12 | 1 << 2 | 1 << 0  /* I, C and M of SCTLR */
  mrs x3, CurrentEL
  cmp x3, #2 << 2
  b.eq 1f
  mrs x3, sctlr_el1
  bic x3, x3, x2
  msr sctlr_el1, x3
  b 2f
1:
  mrs x3, sctlr_el2
  bic x3, x3, x2
  msr sctlr_el2, x3
2:
  isb
  ic iallu
  dsb sy
  isb
  mov x1, xzr
  mov x2, xzr
  mov x3, xzr
  br x4
END_FUNCTION hal_aarch64_efi_enter
