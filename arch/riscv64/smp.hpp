// Sets of CPUs as the firmware takes them, and what CPUs of this architecture ask of one another.
#pragma once

#include "arch/riscv64/cpu.hpp"
#include "arch/riscv64/sbi.hpp"
#include "hal/cpu.hpp"

namespace hal::arch {

// Bits of CpuLocal::pending_ipis beside those of hal::Ipi.
inline constexpr u32 kSynchronizeFile = u32{1} << 31;  // imsic_synchronize()

constexpr u32 bit_of(Ipi kind) { return 1u << static_cast<u32>(kind); }

// Interrupts `cpu` for what is in `bits`; nothing if it has not started. Any context.
void send_request(u32 cpu, u32 bits);

// Calls fn(HartMask) for the started CPUs of `cpus` but the calling one, 64 neighbouring hart ids at a time. Preemption
// off.
template <class Cpus, class Fn>
void for_other_harts(const Cpus& cpus, Fn fn) {
  const u32 self = current_cpu()->id;
  HartMask harts;
  for (usize word = 0; word < CpuMask::kWords; ++word) {
    for (u64 bits = cpus.raw(word); bits != 0; bits &= bits - 1) {
      const u32 cpu = static_cast<u32>(word * 64) + static_cast<u32>(__builtin_ctzll(bits));
      const CpuLocal* local = cpu == self ? nullptr : cpu_locals[cpu].load(std::memory_order_acquire);
      if (local == nullptr) continue;
      const u64 base = align_down(local->hart, 64);
      if (harts.bits != 0 && harts.base != base) {
        fn(harts);
        harts.bits = 0;
      }
      harts.base = base;
      harts.bits |= u64{1} << (local->hart % 64);
    }
  }
  if (harts.bits != 0) fn(harts);
}

}  // namespace hal::arch
