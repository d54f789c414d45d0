/* Numbers that assembly and C++ share. trap.cpp and gdt.hpp hold them against the C++ definitions. */
#pragma once

/* TrapFrame */
#define FRAME_ORIGIN      0
#define FRAME_R15         8
#define FRAME_R14         16
#define FRAME_R13         24
#define FRAME_R12         32
#define FRAME_RBP         40
#define FRAME_RBX         48
#define FRAME_R11         56
#define FRAME_R10         64
#define FRAME_R9          72
#define FRAME_R8          80
#define FRAME_RAX         88
#define FRAME_RCX         96
#define FRAME_RDX         104
#define FRAME_RSI         112
#define FRAME_RDI         120
#define FRAME_ORIG_RAX    128
#define FRAME_RIP         136
#define FRAME_CS          144
#define FRAME_RFLAGS      152
#define FRAME_RSP         160
#define FRAME_SS          168
#define FRAME_SIZE        176
#define FRAME_FAST_RETURN (1 << 24)
/* The byte of `origin` that holds FRAME_FAST_RETURN as its bit 0. */
#define FRAME_FAST_BYTE 3

/* CpuAnchor and ThreadAnchor (hal/anchor.hpp); scratch2 points at the CPU's CpuLocal. */
#define CPU_CURRENT         0
#define CPU_KERNEL_STACK    8
#define CPU_SCRATCH         16
#define CPU_LOCAL           24
#define THREAD_KERNEL_STACK 8
#define THREAD_WORK         20

/* CpuLocal: the stack for entries from user mode in its TSS. */
#define LOCAL_TSS_RSP0 4

/* Selectors. The order is that which SYSCALL and SYSRET demand (Intel SDM vol. 3A 5.8.8). */
#define SELECTOR_KERNEL_CODE 0x10
#define SELECTOR_KERNEL_DATA 0x18
#define SELECTOR_USER_DATA   0x2b
#define SELECTOR_USER_CODE   0x33
#define SELECTOR_TSS         0x40
/* No segment to use: its limit says the CPU's number, and above that its node's. */
#define SELECTOR_CPU_NUMBER 0x53
#define CPU_NUMBER_BITS     12
#define CPU_NUMBER_MASK     0xfff

/* Where linker.ld places the image. */
#define IMAGE_LOAD_ADDRESS 0x1000000
#define IMAGE_VIRTUAL_BASE 0xffffffff80000000

#define MSR_GS_BASE        0xc0000101

#ifdef __ASSEMBLER__
/* clang-format off */

.macro FUNCTION name
  .globl \name
  .hidden \name
  .type \name, @function
  .balign 16
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

/* Three bytes that do nothing until enable_smap_instructions() (features.cpp) makes CLAC or STAC of them: CPUs without
   SMAP have neither. */
.macro USER_ACCESS_OFF
9998: .byte 0x0f, 0x1f, 0x00
  .pushsection .smap_off, "a"
  .long 9998b - .
  .popsection
.endm
.macro USER_ACCESS_ON
9997: .byte 0x0f, 0x1f, 0x00
  .pushsection .smap_on, "a"
  .long 9997b - .
  .popsection
.endm

/* clang-format on */
#endif
