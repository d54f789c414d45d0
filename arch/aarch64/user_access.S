/*
 * The only code that touches user memory (hal/user_access.hpp). trap.cpp takes faults elsewhere in the kernel on user
 * addresses for bugs: everything here is in .text.user_access.
 *
 * LDTR and STTR access memory with user mode's permissions whatever PSTATE.PAN says (Arm ARM C6.2.215, D8.4.3), so that
 * PAN stays set and CPUs without it check as well. Only exclusive accesses have no such form: for them PAN is cleared, and
 * the page's permissions, which are never better for the kernel, decide.
 *
 * A copy that faults goes on byte by byte from the last step that was completed, so that the answer is exact.
 */
#include "asm.h"

  .arch armv8-a
  .arch_extension pan
  .section .text.user_access, "ax"

/*
 * x0 = to, x1 = from, x2 = size; returns in x0 what was not copied. The pointers move only after a step is complete, and x2
 * is what is left from them on.
 */

/* size_t hal_copy_from_user(void* to, VirtAddr from, size_t size) */
FUNCTION hal_copy_from_user
  subs x2, x2, #64
  b.lo 2f
1:
  ldtr x3, [x1]
  ldtr x4, [x1, #8]
  ldtr x5, [x1, #16]
  ldtr x6, [x1, #24]
  ldtr x7, [x1, #32]
  ldtr x8, [x1, #40]
  ldtr x9, [x1, #48]
  ldtr x10, [x1, #56]
  add x1, x1, #64
  stp x3, x4, [x0]
  stp x5, x6, [x0, #16]
  stp x7, x8, [x0, #32]
  stp x9, x10, [x0, #48]
  add x0, x0, #64
  subs x2, x2, #64
  b.hs 1b
2:
  adds x2, x2, #64  /* below 64 */
  b.eq 8f
3:
  subs x2, x2, #8
  b.lo 5f
4:
  ldtr x3, [x1]
  add x1, x1, #8
  str x3, [x0], #8
  subs x2, x2, #8
  b.hs 4b
5:
  add x2, x2, #8  /* below 8 */
  tbz x2, #2, 6f
15:
  ldtr w3, [x1]
  add x1, x1, #4
  str w3, [x0], #4
  sub x2, x2, #4
6:
  tbz x2, #1, 7f
16:
  ldtrh w3, [x1]
  add x1, x1, #2
  strh w3, [x0], #2
  sub x2, x2, #2
7:
  cbz x2, 8f
17:
  ldtrb w3, [x1]
  strb w3, [x0]
8:
  mov x0, xzr
  ret
21:
  add x2, x2, #64
  b 30f
24:
  add x2, x2, #8
30:
  ldtrb w3, [x1]
  add x1, x1, #1
  strb w3, [x0], #1
  subs x2, x2, #1
  b.ne 30b
31:
  mov x0, x2
  ret
  .irp offset, 0, 4, 8, 12, 16, 20, 24, 28
  FIXUP 1b + \offset, 21b
  .endr
  FIXUP 4b, 24b
  FIXUP 15b, 30b
  FIXUP 16b, 30b
  FIXUP 17b, 30b
  FIXUP 30b, 31b
END_FUNCTION hal_copy_from_user

/* size_t hal_copy_to_user(VirtAddr to, const void* from, size_t size) */
FUNCTION hal_copy_to_user
  subs x2, x2, #64
  b.lo 2f
1:
  ldp x3, x4, [x1]
  ldp x5, x6, [x1, #16]
  ldp x7, x8, [x1, #32]
  ldp x9, x10, [x1, #48]
11:
  sttr x3, [x0]
  sttr x4, [x0, #8]
  sttr x5, [x0, #16]
  sttr x6, [x0, #24]
  sttr x7, [x0, #32]
  sttr x8, [x0, #40]
  sttr x9, [x0, #48]
  sttr x10, [x0, #56]
  add x1, x1, #64
  add x0, x0, #64
  subs x2, x2, #64
  b.hs 1b
2:
  adds x2, x2, #64
  b.eq 8f
  subs x2, x2, #8
  b.lo 5f
4:
  ldr x3, [x1]
14:
  sttr x3, [x0]
  add x1, x1, #8
  add x0, x0, #8
  subs x2, x2, #8
  b.hs 4b
5:
  add x2, x2, #8
  tbz x2, #2, 6f
  ldr w3, [x1]
15:
  sttr w3, [x0]
  add x1, x1, #4
  add x0, x0, #4
  sub x2, x2, #4
6:
  tbz x2, #1, 7f
  ldrh w3, [x1]
16:
  sttrh w3, [x0]
  add x1, x1, #2
  add x0, x0, #2
  sub x2, x2, #2
7:
  cbz x2, 8f
  ldrb w3, [x1]
17:
  sttrb w3, [x0]
8:
  mov x0, xzr
  ret
21:
  add x2, x2, #64
  b 29f
24:
  add x2, x2, #8
29:
  ldrb w3, [x1]
30:
  sttrb w3, [x0]
  add x1, x1, #1
  add x0, x0, #1
  subs x2, x2, #1
  b.ne 29b
31:
  mov x0, x2
  ret
  .irp offset, 0, 4, 8, 12, 16, 20, 24, 28
  FIXUP 11b + \offset, 21b
  .endr
  FIXUP 14b, 24b
  FIXUP 15b, 29b
  FIXUP 16b, 29b
  FIXUP 17b, 29b
  FIXUP 30b, 31b
END_FUNCTION hal_copy_to_user

/* size_t hal_clear_user(VirtAddr to, size_t size) */
FUNCTION hal_clear_user
  subs x1, x1, #32
  b.lo 2f
1:
  sttr xzr, [x0]
  sttr xzr, [x0, #8]
  sttr xzr, [x0, #16]
  sttr xzr, [x0, #24]
  add x0, x0, #32
  subs x1, x1, #32
  b.hs 1b
2:
  add x1, x1, #32
3:
  subs x1, x1, #8
  b.lo 5f
4:
  sttr xzr, [x0]
  add x0, x0, #8
  subs x1, x1, #8
  b.hs 4b
5:
  adds x1, x1, #8
  b.eq 7f
6:
  sttrb wzr, [x0]
  add x0, x0, #1
  subs x1, x1, #1
  b.ne 6b
7:
  mov x0, x1
  ret
21:
  add x1, x1, #32
  b 6b
24:
  add x1, x1, #8
  b 6b
  .irp offset, 0, 4, 8, 12
  FIXUP 1b + \offset, 21b
  .endr
  FIXUP 4b, 24b
  FIXUP 6b, 7b
END_FUNCTION hal_clear_user

/*
 * isize hal_copy_string_from_user(char* to, VirtAddr from, size_t capacity). Eight bytes at a time where the source is
 * aligned (an aligned word lies in one page, so that it faults only if its first byte would); the zero byte is found by the
 * carry trick: the lowest byte x with (x - 01h) & ~x & 80h is zero.
 */
FUNCTION hal_copy_string_from_user
  mov x8, x0
  mov x9, #0x0101010101010101
  lsl x10, x9, #7
1:
  tst x1, #7
  b.eq 4f
2:
  subs x2, x2, #1
  b.lo 7f
3:
  ldtrb w3, [x1]
  strb w3, [x0]
  cbz w3, 7f
  add x1, x1, #1
  add x0, x0, #1
  b 1b
4:
  cmp x2, #8
  b.lo 2b
5:
  ldtr x3, [x1]
  sub x4, x3, x9
  bic x4, x4, x3
  ands x4, x4, x10
  b.ne 6f
  add x1, x1, #8
  str x3, [x0], #8
  sub x2, x2, #8
  b 4b
6:  /* the NUL is in this word */
  strb w3, [x0]
  ands w4, w3, #0xff
  b.eq 7f
  lsr x3, x3, #8
  add x0, x0, #1
  b 6b
7:  /* at the NUL, or at the end of the capacity */
  sub x0, x0, x8
  ret
9:
  mov x0, #-1
  ret
  FIXUP 3b, 9b
  FIXUP 5b, 9b
END_FUNCTION hal_copy_string_from_user

/* bool hal_load_user_u32(u32* value, VirtAddr from) */
FUNCTION hal_load_user_u32
1:
  ldtr w2, [x1]
  str w2, [x0]
  mov w0, #1
  ret
2:
  mov w0, wzr
  ret
  FIXUP 1b, 2b
END_FUNCTION hal_load_user_u32

/* bool hal_store_user_u32(VirtAddr to, u32 value) */
FUNCTION hal_store_user_u32
1:
  sttr w1, [x0]
  mov w0, #1
  ret
2:
  mov w0, wzr
  ret
  FIXUP 1b, 2b
END_FUNCTION hal_store_user_u32

.macro SET_PAN value
  cbz w6, 99f
  msr pan, #\value
99:
.endm

/* bool hal_exchange_user_u32(VirtAddr to, u32 expected, u32 desired, u32* seen) */
FUNCTION hal_exchange_user_u32
  adrp x6, hal_aarch64_has_pan
  ldrb w6, [x6, #:lo12:hal_aarch64_has_pan]
  SET_PAN 0
1:
  ldaxr w4, [x0]
  cmp w4, w1
  b.ne 3f
2:
  stlxr w5, w2, [x0]
  cbnz w5, 1b
  dmb ish
3:
  SET_PAN 1
  str w4, [x3]
  mov w0, #1
  ret
4:
  SET_PAN 1
  mov w0, wzr
  ret
  FIXUP 1b, 4b
  FIXUP 2b, 4b
END_FUNCTION hal_exchange_user_u32

  .section .note.GNU-stack, "", %progbits
