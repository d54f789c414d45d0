// Supervisor control registers and single instructions (privileged specification 20240411, chapter 12).
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// The name is spelled as the assembler knows it, or is a number.
#define READ_CSR(name)                                             \
  ({                                                               \
    u64 csr_value;                                                 \
    asm volatile("csrr %0, " name : "=r"(csr_value) : : "memory"); \
    csr_value;                                                     \
  })
#define WRITE_CSR(name, value) asm volatile("csrw " name ", %0" : : "r"(u64{value}) : "memory")
#define SET_CSR(name, bits)    asm volatile("csrs " name ", %0" : : "r"(u64{bits}) : "memory")
#define CLEAR_CSR(name, bits)  asm volatile("csrc " name ", %0" : : "r"(u64{bits}) : "memory")

// sie and sip
inline constexpr u64 kSoftwareInterrupt = 1 << 1;
inline constexpr u64 kTimerInterrupt = 1 << 5;
inline constexpr u64 kExternalInterrupt = 1 << 9;

// satp
inline constexpr u64 kSatpSv39 = u64{8} << 60;
inline constexpr u64 kSatpSv48 = u64{9} << 60;
inline constexpr u64 kSatpSv57 = u64{10} << 60;
inline constexpr u64 kSatpNumberMask = (u64{1} << 44) - 1;
inline constexpr unsigned kSatpAsidShift = 44;
inline constexpr u64 kSatpAsidMask = u64{0xffff} << kSatpAsidShift;

inline void flush_page(VirtAddr address) { asm volatile("sfence.vma %0, zero" : : "r"(address) : "memory"); }
inline void flush_everything() { asm volatile("sfence.vma" : : : "memory"); }
// Without global translations: those of one address space.
inline void flush_page_of(u64 asid, VirtAddr address) {
  asm volatile("sfence.vma %0, %1" : : "r"(address), "r"(asid) : "memory");
}
inline void flush_asid(u64 asid) { asm volatile("sfence.vma zero, %0" : : "r"(asid) : "memory"); }
inline void fence_instructions() { asm volatile("fence.i" : : : "memory"); }

}  // namespace hal::arch
