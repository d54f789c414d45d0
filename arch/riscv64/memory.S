/* The memory functions that the compiler calls, and whole pages. */
#include "asm.h"

#define ACCESS(instruction...) instruction
#include "copy.h"

#define PAGE_SIZE 4096

  .text
/* void* memcpy(void* to, const void* from, size_t size) */
FUNCTION memcpy
  mv a3, a0
  add a4, a0, a2
  COPY_LOOP
  ret
END_FUNCTION memcpy

/* void* memmove(void* to, const void* from, size_t size): backwards only if `to` lies inside the source. */
FUNCTION memmove
  sub t0, a0, a1
  bgeu t0, a2, memcpy
  add a1, a1, a2
  add a3, a0, a2
  xor t0, a1, a3
  andi t0, t0, 7
  bnez t0, 3f  /* not aligned alike */
1:
  andi t0, a3, 7
  beqz t0, 2f
  bgeu a0, a3, 4f
  addi a1, a1, -1
  addi a3, a3, -1
  lbu t1, 0(a1)
  sb t1, 0(a3)
  j 1b
2:
  sub t0, a3, a0
  sltiu t0, t0, 8
  bnez t0, 3f
  addi a1, a1, -8
  addi a3, a3, -8
  ld t1, 0(a1)
  sd t1, 0(a3)
  j 2b
3:
  bgeu a0, a3, 4f
  addi a1, a1, -1
  addi a3, a3, -1
  lbu t1, 0(a1)
  sb t1, 0(a3)
  j 3b
4:
  ret
END_FUNCTION memmove

/* void* memset(void* to, int value, size_t size) */
FUNCTION memset
  mv a3, a0
  add a4, a0, a2
  li t0, 16
  bltu a2, t0, 4f
  andi a1, a1, 0xff
  slli t0, a1, 8
  or a1, a1, t0
  slli t0, a1, 16
  or a1, a1, t0
  slli t0, a1, 32
  or a1, a1, t0
1:
  andi t0, a3, 7
  beqz t0, 2f
  sb a1, 0(a3)
  addi a3, a3, 1
  j 1b
2:
  addi a5, a4, -63
  bgeu a3, a5, 3f
12:
  sd a1, 0(a3)
  sd a1, 8(a3)
  sd a1, 16(a3)
  sd a1, 24(a3)
  sd a1, 32(a3)
  sd a1, 40(a3)
  sd a1, 48(a3)
  sd a1, 56(a3)
  addi a3, a3, 64
  bltu a3, a5, 12b
3:
  addi a5, a4, -7
13:
  bgeu a3, a5, 4f
  sd a1, 0(a3)
  addi a3, a3, 8
  j 13b
4:
  bgeu a3, a4, 5f
  sb a1, 0(a3)
  addi a3, a3, 1
  j 4b
5:
  ret
END_FUNCTION memset

/* int memcmp(const void* a, const void* b, size_t size) */
FUNCTION memcmp
  add a4, a0, a2
  xor t0, a0, a1
  andi t0, t0, 7
  bnez t0, 3f
1:
  andi t0, a0, 7
  beqz t0, 2f
  bgeu a0, a4, 5f
  lbu t1, 0(a0)
  lbu t2, 0(a1)
  bne t1, t2, 4f
  addi a0, a0, 1
  addi a1, a1, 1
  j 1b
2:
  sub t0, a4, a0
  sltiu t0, t0, 8
  bnez t0, 3f
  ld t1, 0(a0)
  ld t2, 0(a1)
  bne t1, t2, 3f  /* the bytes say which is less */
  addi a0, a0, 8
  addi a1, a1, 8
  j 2b
3:
  bgeu a0, a4, 5f
  lbu t1, 0(a0)
  lbu t2, 0(a1)
  bne t1, t2, 4f
  addi a0, a0, 1
  addi a1, a1, 1
  j 3b
4:
  sub a0, t1, t2
  ret
5:
  li a0, 0
  ret
END_FUNCTION memcmp

/* void hal_clear_page(void* page) */
FUNCTION hal_clear_page
  li t0, PAGE_SIZE
  add t0, a0, t0
1:
  sd zero, 0(a0)
  sd zero, 8(a0)
  sd zero, 16(a0)
  sd zero, 24(a0)
  sd zero, 32(a0)
  sd zero, 40(a0)
  sd zero, 48(a0)
  sd zero, 56(a0)
  addi a0, a0, 64
  bltu a0, t0, 1b
  ret
END_FUNCTION hal_clear_page

/* void hal_copy_page(void* to, const void* from) */
FUNCTION hal_copy_page
  li t0, PAGE_SIZE
  add t0, a0, t0
1:
  ld t1, 0(a1)
  ld t2, 8(a1)
  ld t3, 16(a1)
  ld t4, 24(a1)
  sd t1, 0(a0)
  sd t2, 8(a0)
  sd t3, 16(a0)
  sd t4, 24(a0)
  addi a1, a1, 32
  addi a0, a0, 32
  bltu a0, t0, 1b
  ret
END_FUNCTION hal_copy_page

  .section .note.GNU-stack, "", @progbits
