// What the vDSO's code needs of AArch64 (Linux arch/arm64/kernel/vdso/vdso.lds.S).
#pragma once

#include "kernel/lib/types.hpp"

// The name of the call in the vDSO's table of symbols.
#define VDSO_NAME(call) "__kernel_" call

namespace hal::arch {

// What the kernel answers; negative: the error.
inline i64 vdso_system_call(u64 number, u64 first, u64 second) {
  register u64 x8 asm("x8") = number;
  register u64 x0 asm("x0") = first;
  register u64 x1 asm("x1") = second;
  asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
  return static_cast<i64>(x0);
}

}  // namespace hal::arch
