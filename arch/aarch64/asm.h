/* clang-format off */
/* Numbers that assembly and C++ share. trap.cpp, cpu.hpp and boot.hpp hold them against the C++ definitions. */
#pragma once

/* TrapFrame */
#define FRAME_X(n)     (8 * (n))
#define FRAME_SP       248
#define FRAME_PC       256
#define FRAME_ORIG_X0  272
#define FRAME_SYNDROME 288
#define FRAME_RECORD   304
#define FRAME_SIZE     320

/* CpuAnchor and ThreadAnchor (hal/anchor.hpp); scratch holds the top of the CPU's emergency stack. */
#define CPU_EMERGENCY_STACK 16
#define THREAD_CPU          0
#define THREAD_KERNEL_STACK 8
#define THREAD_WORK         20
/* The bit that is set in a stack pointer that ran over: log2 of kKernelStackSize. */
#define STACK_OVERFLOW_BIT  14

/* BootBlock (boot.hpp) */
#define BLOCK_TTBR0  0
#define BLOCK_TTBR1  8
#define BLOCK_TCR    16
#define BLOCK_MAIR   24
#define BLOCK_SCTLR  32
#define BLOCK_OFFSET 40
#define BLOCK_STACK  48

#ifdef __ASSEMBLER__
/* clang-format off */

.macro FUNCTION name
  .globl \name
  .hidden \name
  .type \name, %function
  .balign 16
\name:
.endm

.macro END_FUNCTION name
  .size \name, . - \name
.endm

/* A fault at `from` continues at `to`. */
.macro FIXUP from, to
  .pushsection .fixups, "a"
  .balign 4
  .long \from - .
  .long \to - .
  .popsection
.endm

/* The address of a symbol of the image, wherever that runs. */
.macro ADDRESS register, symbol
  adrp \register, \symbol
  add \register, \register, :lo12:\symbol
.endm

/* clang-format on */
#endif
