/*
 * The part of the vDSO that is not C++. Its entry point is what a signal handler without a restorer of its own returns
 * to. Unwinders know a signal frame by just these two instructions.
 */
  .text
  .globl vdso_rt_sigreturn, __kernel_rt_sigreturn
  .hidden vdso_rt_sigreturn
  .type vdso_rt_sigreturn, %function
  .type __kernel_rt_sigreturn, %function
  .balign 16
vdso_rt_sigreturn:
__kernel_rt_sigreturn:
  mov x8, #139 /* rt_sigreturn */
  svc #0
  .size vdso_rt_sigreturn, . - vdso_rt_sigreturn
  .size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn

  .section .note.GNU-stack, "", %progbits
