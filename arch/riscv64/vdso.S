/*
 * The parts of the vDSO that are not C++. Its entry point is what signal handlers return to. Unwinders know a signal frame
 * by just these two instructions.
 */
  .text
  .globl vdso_rt_sigreturn, __vdso_rt_sigreturn
  .hidden vdso_rt_sigreturn
  .type vdso_rt_sigreturn, @function
  .type __vdso_rt_sigreturn, @function
  .balign 16
vdso_rt_sigreturn:
__vdso_rt_sigreturn:
  li a7, 139 /* rt_sigreturn */
  ecall
  .size vdso_rt_sigreturn, . - vdso_rt_sigreturn
  .size __vdso_rt_sigreturn, . - __vdso_rt_sigreturn

/* The call of the same name, with its arguments where they are. */
.macro CALL name, number
  .globl __vdso_\name
  .type __vdso_\name, @function
  .balign 16
__vdso_\name:
  .cfi_startproc
  li a7, \number
  ecall
  ret
  .cfi_endproc
  .size __vdso_\name, . - __vdso_\name
.endm

  CALL getcpu, 168
  CALL flush_icache, 259

  .section .note.GNU-stack, "", %progbits
