// What the vDSO's code needs of RISC-V (Linux arch/riscv/kernel/vdso/vdso.lds.S).
#pragma once

#include "kernel/lib/types.hpp"

// The name of the call in the vDSO's table of symbols.
#define VDSO_NAME(call) "__vdso_" call

namespace hal::arch {

// What the kernel answers; negative: the error.
inline i64 vdso_system_call(u64 number, u64 first, u64 second) {
  register u64 a7 asm("a7") = number;
  register u64 a0 asm("a0") = first;
  register u64 a1 asm("a1") = second;
  asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1) : "memory");
  return static_cast<i64>(a0);
}

}  // namespace hal::arch
