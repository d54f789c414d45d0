/*
 * The first instructions: from a boot loader in 32-bit protected mode without paging to C++ in long mode.
 *
 * Both loaders put the image where its program headers say, at 16 MiB, clear the bss, and enter with flat segments and
 * interrupts off: Multiboot2 (specification 2.0, 3.3: eax = magic, ebx = information) and PVH (Xen's x86/HVM direct
 * boot ABI: ebx = hvm_start_info), which QEMU's -kernel uses. There is no stack and nothing is relocated: ebp holds the
 * address of `base` and all is reached relative to it.
 */
#include "asm.h"

#define MULTIBOOT2_MAGIC 0xe85250d6
#define PROTOCOL_MULTIBOOT2 1
#define PROTOCOL_PVH 2
#define SELECTOR_BOOT_CODE32 0x08
#define CR0_PG 0x80000000
#define CR4_LA57 0x1000

/* Physical address of something in this section. */
#define PHYSICAL(label) (IMAGE_LOAD_ADDRESS + (label) - head_start)

  .section .text.head, "ax"
head_start:
  .balign 8
multiboot_header:  /* Multiboot2 specification 3.1: within the first 32 KiB of the file, 8-byte aligned */
  .long MULTIBOOT2_MAGIC
  .long 0  /* i386, 32-bit protected mode */
  .long multiboot_header_end - multiboot_header
  .long -(MULTIBOOT2_MAGIC + 0 + (multiboot_header_end - multiboot_header))
  /* The entry's physical address: the ELF header's is virtual. */
  .balign 8
  .word 3, 0
  .long 12
  .long PHYSICAL(hal_x86_multiboot_entry)
  /* We need the memory map (6); the RSDP and the framebuffer are taken where offered. */
  .balign 8
  .word 1, 0
  .long 12
  .long 6
  /* A linear framebuffer of this size, or what comes nearest; without one the screen stays dark. Optional. */
  .balign 8
  .word 5, 1
  .long 20
  .long 1024, 768, 32
  /* Modules on page boundaries. */
  .balign 8
  .word 6, 0
  .long 8
  .balign 8
  .word 0, 0
  .long 8
multiboot_header_end:

  .section .note.Xen, "a", @note
  .balign 4
  .long 4, 4, 18  /* XEN_ELFNOTE_PHYS32_ENTRY */
  .asciz "Xen"
  .long PHYSICAL(pvh_entry)

  .section .text.head, "ax"
  .code32
  .globl hal_x86_multiboot_entry
  .hidden hal_x86_multiboot_entry
hal_x86_multiboot_entry:
  movl $PROTOCOL_MULTIBOOT2, %edi
  cmpl $0x36d76289, %eax
  je enter
  ud2

pvh_entry:
  movl $PROTOCOL_PVH, %edi

enter:
  cli
  cld
  movl $PHYSICAL(base), %ebp
base:
  /* 0-4 GiB onto themselves in 2 MiB pages: four tables of 512 entries. */
  leal boot_directories - base(%ebp), %eax
  movl %eax, %esi
  movl $0x83, %edx  /* present, writable, large */
  movl $(4 * 512), %ecx
1:
  movl %edx, (%eax)
  movl $0, 4(%eax)
  addl $0x200000, %edx
  addl $8, %eax
  decl %ecx
  jnz 1b
  leal boot_pointers - base(%ebp), %eax
  leal 3(%esi), %edx
  movl %edx, (%eax)
  addl $0x1000, %edx
  movl %edx, 8(%eax)
  addl $0x1000, %edx
  movl %edx, 16(%eax)
  addl $0x1000, %edx
  movl %edx, 24(%eax)
  leal hal_x86_boot_root - base(%ebp), %edx
  addl $3, %eax
  movl %eax, (%edx)
  movl %edx, %cr3

  /* Long mode (Intel SDM vol. 3A 10.8.5): PAE, then EFER.LME, then paging. Any CPU without it stops here, silently:
     there is nothing to print with. NX as well: without it nothing below would be protected. */
  movl %ebx, %esi
  movl $0x80000001, %eax
  cpuid
  andl $((1 << 29) | (1 << 20)), %edx
  cmpl $((1 << 29) | (1 << 20)), %edx
  je 3f
2:
  hlt
  jmp 2b
3:
  movl %cr4, %eax
  andl $~CR4_LA57, %eax  /* the tables above have four levels, whatever firmware used */
  orl $(1 << 5), %eax
  movl %eax, %cr4
  movl $0xc0000080, %ecx
  rdmsr
  orl $((1 << 8) | (1 << 11)), %eax  /* LME, NXE */
  wrmsr
  movl %cr0, %eax
  orl $((1 << 31) | (1 << 16) | 1), %eax  /* PG, WP, PE */
  movl %eax, %cr0

  leal boot_gdt - base(%ebp), %eax
  leal boot_gdt_pointer - base(%ebp), %edx
  movl %eax, 2(%edx)
  lgdt (%edx)
  /* A far return loads CS without an absolute address. */
  leal __boot_stack_end - base(%ebp), %esp
  leal long_mode - base(%ebp), %eax
  pushl $SELECTOR_KERNEL_CODE
  pushl %eax
  lretl

  .code64
long_mode:
  movl $SELECTOR_KERNEL_DATA, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  xorl %eax, %eax
  movl %eax, %fs
  movl %eax, %gs
  /* edi = protocol, esi = its information; the upper halves are undefined after the switch. */
  movl %edi, %edi
  movl %esi, %esi
  leaq __boot_stack_end(%rip), %rsp
  xorl %ebp, %ebp
  call hal_x86_early_boot
  testl $CR4_LA57, hal_x86_boot_cr4(%rip)
  jnz five_levels
climb:
  /* rax = the final root table, rdx = what to add to an address here for the one where the kernel runs. The boot root
     maps both by now. */
  leaq high_entry(%rip), %rcx
  addq %rdx, %rcx
  jmp *%rcx
high_entry:
  movq %rax, %cr3
  leaq __boot_stack_end(%rip), %rsp
  xorl %ebp, %ebp
  call hal_x86_boot_main
  ud2

/* CR4.LA57 changes with paging off alone, and that goes off in compatibility mode alone (Intel SDM vol. 3A 4.1.2). The
   way there and back is the stack's, because the switches lose the upper halves of the registers. */
five_levels:
  pushq %rax
  pushq %rdx
  leaq base(%rip), %rbp
  leaq without_paging(%rip), %rax
  pushq $SELECTOR_BOOT_CODE32
  pushq %rax
  lretq
  .code32
without_paging:
  movl %cr0, %eax
  andl $~CR0_PG, %eax
  movl %eax, %cr0
  leal hal_x86_boot_root5 - base(%ebp), %eax
  movl %eax, %cr3
  movl %cr4, %eax
  orl $CR4_LA57, %eax
  movl %eax, %cr4
  movl %cr0, %eax
  orl $CR0_PG, %eax
  movl %eax, %cr0
  leal with_five_levels - base(%ebp), %eax
  pushl $SELECTOR_KERNEL_CODE
  pushl %eax
  lretl
  .code64
with_five_levels:
  movl %esp, %esp
  popq %rdx
  popq %rax
  xorl %ebp, %ebp
  jmp climb

  .section .data.boot, "aw"
  .balign 8
boot_gdt:
  .quad 0
  .quad 0x00cf9b000000ffff  /* 0x08: 32-bit code */
  .quad 0x00af9b000000ffff  /* 0x10: 64-bit code */
  .quad 0x00cf93000000ffff  /* 0x18: data */
boot_gdt_end:
boot_gdt_pointer:
  .word boot_gdt_end - boot_gdt - 1
  .quad 0

  .section .bss.boot, "aw", @nobits
  .balign 4096
  .globl hal_x86_boot_root
  .hidden hal_x86_boot_root
hal_x86_boot_root:
  .skip 4096
  .globl hal_x86_boot_root5
  .hidden hal_x86_boot_root5
hal_x86_boot_root5:
  .skip 4096
boot_pointers:
  .skip 4096
boot_directories:
  .skip 4 * 4096

  .section .note.GNU-stack, "", @progbits
