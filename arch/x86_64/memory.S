/*
 * The memory functions that the compiler calls, and whole pages. Each is one REP MOVSQ or STOSQ (why not MOVSB: see
 * user_access.S) and at most three moves for the rest.
 */
#include "asm.h"

  .text
/* void* memcpy(void* to, const void* from, size_t size) */
FUNCTION memcpy
  movq %rdi, %rax
.Lforward:
  movq %rdx, %rcx
  shrq $3, %rcx
  rep movsq
  testb $7, %dl
  jz 3f
  testb $4, %dl
  jz 1f
  movsl
1:
  testb $2, %dl
  jz 2f
  movsw
2:
  testb $1, %dl
  jz 3f
  movsb
3:
  ret
END_FUNCTION memcpy

/* void* memmove(void* to, const void* from, size_t size): backwards only if `to` lies inside the source. */
FUNCTION memmove
  movq %rdi, %rax
  movq %rdi, %rcx
  subq %rsi, %rcx
  cmpq %rdx, %rcx
  jae .Lforward
  std
  leaq -1(%rsi, %rdx), %rsi
  leaq -1(%rdi, %rdx), %rdi
  movl %edx, %ecx
  andl $7, %ecx
  rep movsb
  movq %rdx, %rcx
  shrq $3, %rcx
  subq $7, %rsi
  subq $7, %rdi
  rep movsq
  cld
  ret
END_FUNCTION memmove

/* void* memset(void* to, int value, size_t size) */
FUNCTION memset
  movq %rdi, %r8
  movzbl %sil, %eax
  movabsq $0x0101010101010101, %rcx
  imulq %rcx, %rax
  movq %rdx, %rcx
  shrq $3, %rcx
  rep stosq
  testb $7, %dl
  jz 3f
  testb $4, %dl
  jz 1f
  stosl
1:
  testb $2, %dl
  jz 2f
  stosw
2:
  testb $1, %dl
  jz 3f
  stosb
3:
  movq %r8, %rax
  ret
END_FUNCTION memset

/* int memcmp(const void* a, const void* b, size_t size) */
FUNCTION memcmp
  cmpq $8, %rdx
  jb 2f
1:
  movq (%rdi), %rax
  movq (%rsi), %rcx
  cmpq %rcx, %rax
  jne 4f
  addq $8, %rdi
  addq $8, %rsi
  subq $8, %rdx
  cmpq $8, %rdx
  jae 1b
2:
  testq %rdx, %rdx
  jz 3f
  movzbl (%rdi), %eax
  movzbl (%rsi), %ecx
  incq %rdi
  incq %rsi
  decq %rdx
  subl %ecx, %eax
  jz 2b
  ret
3:
  xorl %eax, %eax
  ret
4:  /* the first byte that differs decides: the lowest one, the highest after a swap */
  bswapq %rax
  bswapq %rcx
  cmpq %rcx, %rax
  sbbl %eax, %eax
  orl $1, %eax
  ret
END_FUNCTION memcmp

/* void hal_clear_page(void* page) */
FUNCTION hal_clear_page
  xorl %eax, %eax
  movl $512, %ecx
  rep stosq
  ret
END_FUNCTION hal_clear_page

/* void hal_copy_page(void* to, const void* from) */
FUNCTION hal_copy_page
  movl $512, %ecx
  rep movsq
  ret
END_FUNCTION hal_copy_page

  .section .note.GNU-stack, "", @progbits
