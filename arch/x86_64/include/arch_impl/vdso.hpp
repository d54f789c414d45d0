// What the vDSO's code needs of x86-64 (Linux arch/x86/entry/vdso/vdso.lds.S).
#pragma once

#include "kernel/lib/types.hpp"

// The name of the call in the vDSO's table of symbols.
#define VDSO_NAME(call) "__vdso_" call

namespace hal::arch {

// What the kernel answers; negative: the error.
inline i64 vdso_system_call(u64 number, u64 first, u64 second) {
  i64 result;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second) : "rcx", "r11", "memory");
  return result;
}

}  // namespace hal::arch
