/* clang-format off */
/*
 * The copying loop that memcpy() and the user copies share.
 *
 *   a1 = from, a3 = to, a4 = end of to; advanced together, after what they point at was copied. Uses t0-t6, a2, a5-a7.
 *
 * The includer defines ACCESS(instruction) around everything that touches either side. Stores are aligned, and loads as well
 * (where both sides are not aligned alike words are put together from two): misaligned accesses are slow on many
 * CPUs.
 */

.macro COPY_LOOP
  sub a2, a4, a3
  li t0, 16
  bltu a2, t0, 7f
1:
  andi t0, a3, 7
  beqz t0, 2f
  ACCESS(lbu t1, 0(a1))
  ACCESS(sb t1, 0(a3))
  addi a1, a1, 1
  addi a3, a3, 1
  j 1b
2:
  andi t0, a1, 7
  bnez t0, 5f
  addi a2, a4, -63
3:  /* 64 bytes a turn */
  bgeu a3, a2, 4f
  ACCESS(ld t0, 0(a1))
  ACCESS(ld t1, 8(a1))
  ACCESS(ld t2, 16(a1))
  ACCESS(ld t3, 24(a1))
  ACCESS(ld t4, 32(a1))
  ACCESS(ld t5, 40(a1))
  ACCESS(ld a6, 48(a1))
  ACCESS(ld a7, 56(a1))
  ACCESS(sd t0, 0(a3))
  ACCESS(sd t1, 8(a3))
  ACCESS(sd t2, 16(a3))
  ACCESS(sd t3, 24(a3))
  ACCESS(sd t4, 32(a3))
  ACCESS(sd t5, 40(a3))
  ACCESS(sd a6, 48(a3))
  ACCESS(sd a7, 56(a3))
  addi a1, a1, 64
  addi a3, a3, 64
  j 3b
4:
  addi a2, a4, -7
14:
  bgeu a3, a2, 7f
  ACCESS(ld t0, 0(a1))
  ACCESS(sd t0, 0(a3))
  addi a1, a1, 8
  addi a3, a3, 8
  j 14b
5:  /* t0 = bytes from the aligned word below `from`; a word read here has a byte that is wanted */
  sub a5, a1, t0
  slli t1, t0, 3
  neg t2, t1
  addi a2, a4, -7
  ACCESS(ld t3, 0(a5))
6:
  bgeu a3, a2, 7f
  ACCESS(ld t4, 8(a5))
  srl t5, t3, t1
  sll t0, t4, t2
  or t5, t5, t0
  ACCESS(sd t5, 0(a3))
  mv t3, t4
  addi a5, a5, 8
  addi a1, a1, 8
  addi a3, a3, 8
  j 6b
7:
  bgeu a3, a4, 8f
  ACCESS(lbu t1, 0(a1))
  ACCESS(sb t1, 0(a3))
  addi a1, a1, 1
  addi a3, a3, 1
  j 7b
8:
.endm
