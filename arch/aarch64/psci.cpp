#include "arch/aarch64/psci.hpp"

#include "arch/aarch64/boot.hpp"

namespace hal::arch {

// The SMC calling convention (Arm DEN 0028): x0 to x3 in, x0 out, x4 to x17 preserved or, before version 1.1, not.
i32 psci_call(Psci function, u64 first, u64 second, u64 third) {
  register u64 x0 asm("x0") = static_cast<u64>(function);
  register u64 x1 asm("x1") = first;
  register u64 x2 asm("x2") = second;
  register u64 x3 asm("x3") = third;
#define HAL_PSCI_CLOBBERS \
  "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory"
  switch (early_boot.psci) {
    case PsciConduit::Smc:
      asm volatile(".inst 0xd4000003" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : HAL_PSCI_CLOBBERS);  // smc #0
      break;
    case PsciConduit::Hvc: asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : HAL_PSCI_CLOBBERS); break;
    default: return kPsciNotSupported;
  }
  return static_cast<i32>(x0);
}

}  // namespace hal::arch
