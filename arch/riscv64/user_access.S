/*
 * The only code that touches user memory (hal/user_access.hpp). trap.cpp takes faults elsewhere in the kernel on user
 * addresses for bugs: everything here is in .text.user_access.
 *
 * sstatus.SUM is set for the length of one function. After a fault the rest is tried byte by byte, so that the answer is
 * exact: the label 90 of each function.
 */
#include "asm.h"

#define ACCESS(instruction...) 9998: instruction; FIXUP 9998b, 90f
#include "copy.h"

.macro USER_ACCESS_ON
  li t0, STATUS_SUM
  csrs sstatus, t0
.endm
.macro USER_ACCESS_OFF
  li t0, STATUS_SUM
  csrc sstatus, t0
.endm

  .section .text.user_access, "ax"

/* a0 = to, a1 = from, a2 = size. Returns what was not copied. */
.macro COPY name
FUNCTION \name
  USER_ACCESS_ON
  mv a3, a0
  add a4, a0, a2
  COPY_LOOP
  USER_ACCESS_OFF
  li a0, 0
  ret
90:
  bgeu a3, a4, 93f
91:
  lbu t1, 0(a1)
92:
  sb t1, 0(a3)
  addi a1, a1, 1
  addi a3, a3, 1
  j 90b
93:
  USER_ACCESS_OFF
  sub a0, a4, a3
  ret
  FIXUP 91b, 93b
  FIXUP 92b, 93b
END_FUNCTION \name
.endm

COPY hal_copy_from_user
COPY hal_copy_to_user

/* a0 = to, a1 = size */
FUNCTION hal_clear_user
  USER_ACCESS_ON
  add a4, a0, a1
1:
  bgeu a0, a4, 5f
  andi t0, a0, 7
  beqz t0, 2f
  ACCESS(sb zero, 0(a0))
  addi a0, a0, 1
  j 1b
2:
  addi a5, a4, -63
3:
  bgeu a0, a5, 4f
  ACCESS(sd zero, 0(a0))
  ACCESS(sd zero, 8(a0))
  ACCESS(sd zero, 16(a0))
  ACCESS(sd zero, 24(a0))
  ACCESS(sd zero, 32(a0))
  ACCESS(sd zero, 40(a0))
  ACCESS(sd zero, 48(a0))
  ACCESS(sd zero, 56(a0))
  addi a0, a0, 64
  j 3b
4:
  addi a5, a4, -7
  bgeu a0, a5, 90f
  ACCESS(sd zero, 0(a0))
  addi a0, a0, 8
  j 4b
90:
  bgeu a0, a4, 5f
91:
  sb zero, 0(a0)
  addi a0, a0, 1
  j 90b
5:
  USER_ACCESS_OFF
  sub a0, a4, a0
  ret
  FIXUP 91b, 5b
END_FUNCTION hal_clear_user

/*
 * a0 = to, a1 = from, a2 = capacity. Eight bytes at a time where the source is aligned (an aligned word lies in one page, so
 * that it faults only if its first byte would); the zero byte is found by the carry trick: a word x has one if
 * (x - 0x01..01) & ~x & 0x80..80 is not 0.
 */
FUNCTION hal_copy_string_from_user
  USER_ACCESS_ON
  mv a3, a0
  add a4, a0, a2
  li a6, 0x0101010101010101
  slli a7, a6, 7
1:
  bgeu a3, a4, 4f
  andi t1, a1, 7
  beqz t1, 3f
2:
  ACCESS(lbu t1, 0(a1))
  sb t1, 0(a3)
  beqz t1, 4f
  addi a1, a1, 1
  addi a3, a3, 1
  j 1b
3:
  bgeu a3, a4, 4f
  sub t1, a4, a3
  sltiu t1, t1, 8
  bnez t1, 2b
  ACCESS(ld t1, 0(a1))
  sub t2, t1, a6
  not t3, t1
  and t2, t2, t3
  and t2, t2, a7
  bnez t2, 2b
  andi t2, a3, 7
  bnez t2, 5f
  sd t1, 0(a3)
  addi a1, a1, 8
  addi a3, a3, 8
  j 3b
5:
  li t2, 8
6:
  sb t1, 0(a3)
  srli t1, t1, 8
  addi a3, a3, 1
  addi t2, t2, -1
  bnez t2, 6b
  addi a1, a1, 8
  j 3b
4:
  USER_ACCESS_OFF
  sub a0, a3, a0
  ret
90:
  USER_ACCESS_OFF
  li a0, -1
  ret
END_FUNCTION hal_copy_string_from_user

/* bool (u32* value, VirtAddr from) */
FUNCTION hal_load_user_u32
  USER_ACCESS_ON
  ACCESS(lw t1, 0(a1))
  USER_ACCESS_OFF
  sw t1, 0(a0)
  li a0, 1
  ret
90:
  USER_ACCESS_OFF
  li a0, 0
  ret
END_FUNCTION hal_load_user_u32

/* bool (VirtAddr to, u32 value) */
FUNCTION hal_store_user_u32
  USER_ACCESS_ON
  ACCESS(sw a1, 0(a0))
  USER_ACCESS_OFF
  li a0, 1
  ret
90:
  USER_ACCESS_OFF
  li a0, 0
  ret
END_FUNCTION hal_store_user_u32

/* bool (VirtAddr to, u32 expected, u32 desired, u32* seen) */
FUNCTION hal_exchange_user_u32
  USER_ACCESS_ON
  sext.w a1, a1
1:
  ACCESS(lr.w.aqrl t1, (a0))
  bne t1, a1, 2f
  ACCESS(sc.w.aqrl t2, a2, (a0))
  bnez t2, 1b
2:
  USER_ACCESS_OFF
  sw t1, 0(a3)
  li a0, 1
  ret
90:
  USER_ACCESS_OFF
  li a0, 0
  ret
END_FUNCTION hal_exchange_user_u32

  .section .note.GNU-stack, "", @progbits
