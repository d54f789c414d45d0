/* The only instructions of the kernel that know vector registers (V extension 1.0). sstatus.VS is not Off. */
#include "asm.h"

  .option arch, +v

/* The four groups of eight registers at t1 and behind; t0 and t1 are lost. Loads and stores of whole registers heed
   vstart and nothing else (V 1.0, 7.9). */
.macro ALL_GROUPS move
  csrw vstart, zero
  csrr t0, vlenb
  slli t0, t0, 3
  \move v0, (t1)
  add t1, t1, t0
  \move v8, (t1)
  add t1, t1, t0
  \move v16, (t1)
  add t1, t1, t0
  \move v24, (t1)
.endm

  .text
/* void hal_riscv_vector_save(VectorArea*) */
FUNCTION hal_riscv_vector_save
  csrr t0, vstart
  sd t0, 0(a0)
  csrr t0, vl
  sd t0, 8(a0)
  csrr t0, vtype
  sd t0, 16(a0)
  csrr t0, vcsr
  sd t0, 24(a0)
  csrr t0, vlenb
  sd t0, 32(a0)
  addi t1, a0, 48
  ALL_GROUPS vs8r.v
  ret
END_FUNCTION hal_riscv_vector_save

/* void hal_riscv_vector_load(const VectorArea*). A type that the CPU does not know becomes the illegal one. */
FUNCTION hal_riscv_vector_load
  addi t1, a0, 48
  ALL_GROUPS vl8re8.v
  ld t0, 8(a0)
  ld t1, 16(a0)
  vsetvl zero, t0, t1
  ld t0, 24(a0)
  csrw vcsr, t0
  ld t0, 0(a0)
  csrw vstart, t0
  ret
END_FUNCTION hal_riscv_vector_load

/* usize hal_riscv_vector_register_bytes() */
FUNCTION hal_riscv_vector_register_bytes
  csrr a0, vlenb
  ret
END_FUNCTION hal_riscv_vector_register_bytes

  .section .note.GNU-stack, "", @progbits
