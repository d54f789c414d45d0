/*
 * The only code that touches user memory (hal/user_access.hpp). trap.cpp takes faults elsewhere in the kernel on user
 * addresses for bugs: everything here is in .text.user_access.
 *
 * Copies go by eight bytes with REP MOVSQ, which emulators and CPUs without fast byte strings do well, and end with at
 * most three moves of 4, 2 and 1. After a fault the rest is tried byte by byte, so that the answer is exact.
 */
#include "asm.h"

  .section .text.user_access, "ax"

/* rdi = to, rsi = from, rdx = size. Returns in rax what was not copied. */
.macro COPY name
FUNCTION \name
  USER_ACCESS_ON
  movq %rdx, %rcx
  shrq $3, %rcx
1:
  rep movsq
  testb $4, %dl
  jz 3f
2:
  movl (%rsi), %eax
12:
  movl %eax, (%rdi)
  addq $4, %rsi
  addq $4, %rdi
3:
  testb $2, %dl
  jz 5f
4:
  movzwl (%rsi), %eax
14:
  movw %ax, (%rdi)
  addq $2, %rsi
  addq $2, %rdi
5:
  testb $1, %dl
  jz 7f
6:
  movzbl (%rsi), %eax
16:
  movb %al, (%rdi)
7:
  xorl %eax, %eax
  USER_ACCESS_OFF
  ret
/* A quadword faulted: rcx of them are left, and the tail. */
21:
  andl $7, %edx
  leaq (%rdx, %rcx, 8), %rcx
  jmp 30f
22:
  movl %edx, %ecx
  andl $7, %ecx
  jmp 30f
24:
  movl %edx, %ecx
  andl $3, %ecx
  jmp 30f
26:
  movl $1, %ecx
30:
  rep movsb
31:
  movq %rcx, %rax
  USER_ACCESS_OFF
  ret
  FIXUP 1b, 21b
  FIXUP 2b, 22b
  FIXUP 12b, 22b
  FIXUP 4b, 24b
  FIXUP 14b, 24b
  FIXUP 6b, 26b
  FIXUP 16b, 26b
  FIXUP 30b, 31b
END_FUNCTION \name
.endm

COPY hal_copy_from_user
COPY hal_copy_to_user

/* rdi = to, rsi = size */
FUNCTION hal_clear_user
  USER_ACCESS_ON
  xorl %eax, %eax
  movq %rsi, %rcx
  shrq $3, %rcx
1:
  rep stosq
  movl %esi, %ecx
  andl $7, %ecx
2:
  rep stosb
3:
  movq %rcx, %rax
  USER_ACCESS_OFF
  ret
4:
  andl $7, %esi
  leaq (%rsi, %rcx, 8), %rcx
  jmp 2b
  FIXUP 1b, 4b
  FIXUP 2b, 3b
END_FUNCTION hal_clear_user

/*
 * rdi = to, rsi = from, rdx = capacity. Eight bytes at a time where the source is aligned (an aligned word lies in one
 * page, so that it faults only if its first byte would); the zero byte is found by the carry trick: the lowest byte x
 * with (x - 01h) & ~x & 80h is zero.
 */
FUNCTION hal_copy_string_from_user
  USER_ACCESS_ON
  movq %rdi, %r8
  movabsq $0x0101010101010101, %r9
  movabsq $0x8080808080808080, %r10
1:
  testb $7, %sil
  jz 4f
2:
  subq $1, %rdx
  jc 7f
3:
  movzbl (%rsi), %eax
  movb %al, (%rdi)
  testb %al, %al
  jz 8f
  incq %rsi
  incq %rdi
  jmp 1b
4:
  cmpq $8, %rdx
  jb 2b
5:
  movq (%rsi), %rax
  movq %rax, %rcx
  subq %r9, %rcx
  notq %rax
  andq %rax, %rcx
  andq %r10, %rcx
  jnz 6f
  notq %rax
  movq %rax, (%rdi)
  addq $8, %rsi
  addq $8, %rdi
  subq $8, %rdx
  jmp 4b
6:  /* the NUL is in this word */
  notq %rax
16:
  movb %al, (%rdi)
  testb %al, %al
  jz 8f
  shrq $8, %rax
  incq %rdi
  jmp 16b
7:  /* no NUL within the capacity */
8:
  movq %rdi, %rax
  subq %r8, %rax
  USER_ACCESS_OFF
  ret
9:
  movq $-1, %rax
  USER_ACCESS_OFF
  ret
  FIXUP 3b, 9b
  FIXUP 5b, 9b
END_FUNCTION hal_copy_string_from_user

/* bool (u32* value, VirtAddr from) */
FUNCTION hal_load_user_u32
  USER_ACCESS_ON
1:
  movl (%rsi), %eax
  USER_ACCESS_OFF
  movl %eax, (%rdi)
  movl $1, %eax
  ret
2:
  USER_ACCESS_OFF
  xorl %eax, %eax
  ret
  FIXUP 1b, 2b
END_FUNCTION hal_load_user_u32

/* bool (VirtAddr to, u32 value) */
FUNCTION hal_store_user_u32
  USER_ACCESS_ON
1:
  movl %esi, (%rdi)
  USER_ACCESS_OFF
  movl $1, %eax
  ret
2:
  USER_ACCESS_OFF
  xorl %eax, %eax
  ret
  FIXUP 1b, 2b
END_FUNCTION hal_store_user_u32

/* bool (VirtAddr to, u32 expected, u32 desired, u32* seen) */
FUNCTION hal_exchange_user_u32
  USER_ACCESS_ON
  movl %esi, %eax
1:
  lock cmpxchgl %edx, (%rdi)
  USER_ACCESS_OFF
  movl %eax, (%rcx)
  movl $1, %eax
  ret
2:
  USER_ACCESS_OFF
  xorl %eax, %eax
  ret
  FIXUP 1b, 2b
END_FUNCTION hal_exchange_user_u32

  .section .note.GNU-stack, "", @progbits
