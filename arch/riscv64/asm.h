/* Numbers that assembly and C++ share. trap.cpp holds them against the C++ definitions. */
#pragma once

/* TrapFrame */
#define FRAME_PC      0
#define FRAME_RA      8
#define FRAME_SP      16
#define FRAME_GP      24
#define FRAME_TP      32
#define FRAME_T0      40
#define FRAME_T1      48
#define FRAME_T2      56
#define FRAME_S0      64
#define FRAME_S1      72
#define FRAME_A0      80
#define FRAME_A1      88
#define FRAME_A2      96
#define FRAME_A3      104
#define FRAME_A4      112
#define FRAME_A5      120
#define FRAME_A6      128
#define FRAME_A7      136
#define FRAME_S2      144
#define FRAME_S3      152
#define FRAME_S4      160
#define FRAME_S5      168
#define FRAME_S6      176
#define FRAME_S7      184
#define FRAME_S8      192
#define FRAME_S9      200
#define FRAME_S10     208
#define FRAME_S11     216
#define FRAME_T3      224
#define FRAME_T4      232
#define FRAME_T5      240
#define FRAME_T6      248
#define FRAME_STATUS  256
#define FRAME_CAUSE   264
#define FRAME_VALUE   272
#define FRAME_ORIG_A0 280
#define FRAME_THREAD  288
#define FRAME_FAST    296
#define FRAME_SIZE    304

/* CpuAnchor and ThreadAnchor (hal/anchor.hpp); `scratch` of the CPU is the top of its emergency stack. */
#define CPU_EMERGENCY_STACK 16
#define THREAD_CPU          0
#define THREAD_KERNEL_STACK 8
#define THREAD_WORK         20
/* The bit of a kernel stack pointer that is set when it ran over: log2 of kKernelStackSize. */
#define KERNEL_STACK_SHIFT 14

/* sstatus and scause (privileged specification 20240411, 12.1.1 and 12.1.8) */
#define STATUS_SIE      2
#define STATUS_SUM      (1 << 18)
#define CAUSE_USER_CALL 8

#ifdef __ASSEMBLER__
/* clang-format off */

.macro FUNCTION name
  .globl \name
  .hidden \name
  .type \name, @function
  .balign 4
\name:
.endm

.macro END_FUNCTION name
  .size \name, . - \name
.endm

/* A fault at `from` continues at `to`. */
.macro FIXUP from, to
  .pushsection .fixups, "a"
  .long \from - .
  .long \to - .
  .popsection
.endm

/* clang-format on */
#endif
