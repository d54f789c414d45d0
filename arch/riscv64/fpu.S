/* The only instructions of the kernel that know floating-point registers. sstatus.FS is not Off. */
#include "asm.h"

  .option arch, +d

.macro ALL_REGISTERS move
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  \move f\n, \n * 8(a0)
  .endr
  .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  \move f\n, \n * 8(a0)
  .endr
.endm

  .text
/* void hal_riscv_fpu_save(FpuArea*) */
FUNCTION hal_riscv_fpu_save
  ALL_REGISTERS fsd
  frcsr t0
  sw t0, 256(a0)
  ret
END_FUNCTION hal_riscv_fpu_save

/* void hal_riscv_fpu_load(const FpuArea*) */
FUNCTION hal_riscv_fpu_load
  ALL_REGISTERS fld
  lw t0, 256(a0)
  fscsr t0
  ret
END_FUNCTION hal_riscv_fpu_load

  .section .note.GNU-stack, "", @progbits
