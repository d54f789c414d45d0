// Instructions that C++ has no word for: ports, model-specific registers, control registers, CPUID. No state, no locks.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

inline void out8(u16 port, u8 value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory"); }
inline void out16(u16 port, u16 value) { asm volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory"); }
inline void out32(u16 port, u32 value) { asm volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory"); }
inline u8 in8(u16 port) {
  u8 value;
  asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}
inline u16 in16(u16 port) {
  u16 value;
  asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}
inline u32 in32(u16 port) {
  u32 value;
  asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}

// Intel SDM vol. 4, table 2-2.
enum class Msr : u32 {
  ApicBase = 0x1b,
  TscDeadline = 0x6e0,
  Pat = 0x277,
  X2ApicBase = 0x800,  // a register of the local APIC at offset / 16 above it
  Efer = 0xc000'0080,
  Star = 0xc000'0081,
  LongStar = 0xc000'0082,
  SyscallMask = 0xc000'0084,
  FsBase = 0xc000'0100,
  GsBase = 0xc000'0101,
  KernelGsBase = 0xc000'0102,
  TscAux = 0xc000'0103,
};

inline u64 read_msr(u32 index) {
  u32 low, high;
  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index) : "memory");
  return u64{high} << 32 | low;
}
inline u64 read_msr(Msr msr) { return read_msr(static_cast<u32>(msr)); }
inline void write_msr(u32 index, u64 value) {
  asm volatile("wrmsr" : : "c"(index), "a"(static_cast<u32>(value)), "d"(static_cast<u32>(value >> 32)) : "memory");
}
inline void write_msr(Msr msr, u64 value) { write_msr(static_cast<u32>(msr), value); }

struct CpuidResult {
  u32 eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(u32 leaf, u32 subleaf = 0) {
  CpuidResult result;
  asm volatile("cpuid"
               : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
               : "a"(leaf), "c"(subleaf));
  return result;
}

inline u64 read_cr0() {
  u64 value;
  asm volatile("movq %%cr0, %0" : "=r"(value) : : "memory");
  return value;
}
inline void write_cr0(u64 value) { asm volatile("movq %0, %%cr0" : : "r"(value) : "memory"); }
inline u64 read_cr2() {
  u64 value;
  asm volatile("movq %%cr2, %0" : "=r"(value) : : "memory");
  return value;
}
inline u64 read_cr3() {
  u64 value;
  asm volatile("movq %%cr3, %0" : "=r"(value) : : "memory");
  return value;
}
inline void write_cr3(u64 value) { asm volatile("movq %0, %%cr3" : : "r"(value) : "memory"); }
inline u64 read_cr4() {
  u64 value;
  asm volatile("movq %%cr4, %0" : "=r"(value) : : "memory");
  return value;
}
inline void write_cr4(u64 value) { asm volatile("movq %0, %%cr4" : : "r"(value) : "memory"); }
inline void invalidate_page(VirtAddr address) { asm volatile("invlpg (%0)" : : "r"(address) : "memory"); }

// Each may fail for want of entropy: false then (Intel SDM vol. 1 7.3.17).
inline bool read_rdrand(u64* out) {
  bool valid;
  asm volatile("rdrand %0" : "=r"(*out), "=@ccc"(valid) : : "cc");
  return valid;
}

}  // namespace hal::arch
