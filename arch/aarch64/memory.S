/*
 * The memory functions that the compiler calls, and whole pages: pairs of registers, 64 bytes at a time.
 *
 * Before the MMU is on all memory counts as Device memory, where a misaligned access faults (Arm ARM B2.7.2): until then
 * only what is aligned goes by words. Afterwards everything does.
 */
#include "asm.h"

/* Goes to `target` if the MMU is off and an address in `addresses` is no multiple of 8. Uses x5. */
.macro BYTES_IF_MISALIGNED addresses, target
  tst \addresses, #7
  b.eq 99f
  adrp x5, hal_aarch64_mmu_on
  ldrb w5, [x5, #:lo12:hal_aarch64_mmu_on]
  cbz w5, \target
99:
.endm

  .text
/* void* memcpy(void* to, const void* from, size_t size); x3 = to */
FUNCTION memcpy
  mov x3, x0
.Lforward:
  orr x4, x0, x1
  BYTES_IF_MISALIGNED x4, .Lforward_bytes
1:
  subs x2, x2, #64
  b.lo 3f
2:
  ldp x4, x5, [x1]
  ldp x6, x7, [x1, #16]
  ldp x8, x9, [x1, #32]
  ldp x10, x11, [x1, #48]
  add x1, x1, #64
  stp x4, x5, [x3]
  stp x6, x7, [x3, #16]
  stp x8, x9, [x3, #32]
  stp x10, x11, [x3, #48]
  add x3, x3, #64
  subs x2, x2, #64
  b.hs 2b
3:  /* the low six bits of x2 are what is left */
  tbz x2, #5, 4f
  ldp x4, x5, [x1]
  ldp x6, x7, [x1, #16]
  add x1, x1, #32
  stp x4, x5, [x3]
  stp x6, x7, [x3, #16]
  add x3, x3, #32
4:
  tbz x2, #4, 5f
  ldp x4, x5, [x1], #16
  stp x4, x5, [x3], #16
5:
  tbz x2, #3, 6f
  ldr x4, [x1], #8
  str x4, [x3], #8
6:
  tbz x2, #2, 7f
  ldr w4, [x1], #4
  str w4, [x3], #4
7:
  tbz x2, #1, 8f
  ldrh w4, [x1], #2
  strh w4, [x3], #2
8:
  tbz x2, #0, 9f
  ldrb w4, [x1]
  strb w4, [x3]
9:
  ret
.Lforward_bytes:
  cbz x2, 9b
1:
  ldrb w4, [x1], #1
  strb w4, [x3], #1
  subs x2, x2, #1
  b.ne 1b
  ret
END_FUNCTION memcpy

/* void* memmove(void* to, const void* from, size_t size): backwards only if `to` lies inside the source. The forward loop
   is safe for what overlaps the other way, since each step loads all before it stores. */
FUNCTION memmove
  mov x3, x0
  sub x4, x0, x1
  cmp x4, x2
  b.hs .Lforward
  add x1, x1, x2
  add x3, x3, x2
  orr x4, x1, x3
  BYTES_IF_MISALIGNED x4, 8f
1:
  subs x2, x2, #32
  b.lo 3f
2:
  ldp x4, x5, [x1, #-16]
  ldp x6, x7, [x1, #-32]!
  stp x4, x5, [x3, #-16]
  stp x6, x7, [x3, #-32]!
  subs x2, x2, #32
  b.hs 2b
3:
  add x2, x2, #32
4:
  subs x2, x2, #8
  b.lo 5f
  ldr x4, [x1, #-8]!
  str x4, [x3, #-8]!
  b 4b
5:
  add x2, x2, #8
8:
  cbz x2, 7f
6:
  ldrb w4, [x1, #-1]!
  strb w4, [x3, #-1]!
  subs x2, x2, #1
  b.ne 6b
7:
  ret
END_FUNCTION memmove

/* void* memset(void* to, int value, size_t size) */
FUNCTION memset
  and x1, x1, #0xff
  mov x4, #0x0101010101010101
  mul x1, x1, x4
  mov x3, x0
  BYTES_IF_MISALIGNED x3, 9f
1:
  subs x2, x2, #64
  b.lo 3f
2:
  stp x1, x1, [x3]
  stp x1, x1, [x3, #16]
  stp x1, x1, [x3, #32]
  stp x1, x1, [x3, #48]
  add x3, x3, #64
  subs x2, x2, #64
  b.hs 2b
3:
  tbz x2, #5, 4f
  stp x1, x1, [x3]
  stp x1, x1, [x3, #16]
  add x3, x3, #32
4:
  tbz x2, #4, 5f
  stp x1, x1, [x3], #16
5:
  tbz x2, #3, 6f
  str x1, [x3], #8
6:
  tbz x2, #2, 7f
  str w1, [x3], #4
7:
  tbz x2, #1, 8f
  strh w1, [x3], #2
8:
  tbz x2, #0, 11f
  strb w1, [x3]
  ret
9:
  cbz x2, 11f
10:
  strb w1, [x3], #1
  subs x2, x2, #1
  b.ne 10b
11:
  ret
END_FUNCTION memset

/* int memcmp(const void* a, const void* b, size_t size) */
FUNCTION memcmp
  orr x4, x0, x1
  BYTES_IF_MISALIGNED x4, 3f
1:
  subs x2, x2, #8
  b.lo 2f
  ldr x4, [x0], #8
  ldr x5, [x1], #8
  cmp x4, x5
  b.eq 1b
  /* the first byte that differs decides: the lowest one, the highest after a swap */
  rev x4, x4
  rev x5, x5
  cmp x4, x5
  mov w0, #1
  cneg w0, w0, lo
  ret
2:
  add x2, x2, #8
3:
  cbz x2, 4f
  ldrb w4, [x0], #1
  ldrb w5, [x1], #1
  sub x2, x2, #1
  subs w4, w4, w5
  b.eq 3b
  mov w0, w4
  ret
4:
  mov w0, wzr
  ret
END_FUNCTION memcmp

/* void hal_clear_page(void* page): by DC ZVA where that is allowed, in blocks of a size that the CPU names (Arm ARM
   D19.2.33). */
FUNCTION hal_clear_page
  mrs x2, dczid_el0
  add x3, x0, #4096
  tbnz x2, #4, 2f
  and x2, x2, #0xf
  mov x4, #4
  lsl x4, x4, x2
1:
  dc zva, x0
  add x0, x0, x4
  cmp x0, x3
  b.lo 1b
  ret
2:
  stp xzr, xzr, [x0]
  stp xzr, xzr, [x0, #16]
  stp xzr, xzr, [x0, #32]
  stp xzr, xzr, [x0, #48]
  add x0, x0, #64
  cmp x0, x3
  b.lo 2b
  ret
END_FUNCTION hal_clear_page

/* void hal_copy_page(void* to, const void* from) */
FUNCTION hal_copy_page
  add x2, x0, #4096
1:
  ldp x4, x5, [x1]
  ldp x6, x7, [x1, #16]
  ldp x8, x9, [x1, #32]
  ldp x10, x11, [x1, #48]
  add x1, x1, #64
  stp x4, x5, [x0]
  stp x6, x7, [x0, #16]
  stp x8, x9, [x0, #32]
  stp x10, x11, [x0, #48]
  add x0, x0, #64
  cmp x0, x2
  b.lo 1b
  ret
END_FUNCTION hal_copy_page

  .section .note.GNU-stack, "", %progbits
