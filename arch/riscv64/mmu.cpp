// Address spaces and translation caches. Other harts are reached through the firmware (SBI RFENCE), which interrupts
// them in machine mode: a hart with interrupts off answers as well, so that nobody can wait for one another.
#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/smp.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/tlb.hpp"

namespace hal {

void activate_root(PhysAddr root) {
  WRITE_CSR("satp", arch::early_boot.satp_mode | root.value >> kPageShift);
  arch::flush_user_half();
}

void tlb_flush_local(VirtAddr start, VirtAddr end) {
  // About where single pages cost more than refilling what a full flush drops.
  constexpr u64 kFewPages = 16;
  if (end - start <= kFewPages * kPageSize) {
    for (VirtAddr page = start; page < end; page += kPageSize) arch::flush_page(page);
  } else if (start >= arch::kDirectMapBase) {
    arch::flush_everything();
  } else {
    arch::flush_user_half();
  }
}

void tlb_shootdown(const CpuMask& cpus, VirtAddr start, VirtAddr end) {
  if (cpus.test(current_cpu()->id)) tlb_flush_local(start, end);
  arch::for_other_harts(cpus, [&](arch::HartMask harts) { arch::sbi_remote_flush(harts, start, end - start); });
}

void sync_instructions(VirtAddr, VirtAddr) {
  const InterruptGuard guard;
  CpuMask everybody;
  for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) everybody.set(cpu);
  // What was written must be visible to the others before they fetch (unprivileged specification 20240411, Zifencei).
  std::atomic_thread_fence(std::memory_order_seq_cst);
  arch::fence_instructions();
  arch::for_other_harts(everybody, [](arch::HartMask harts) { arch::sbi_remote_fence_i(harts); });
}

}  // namespace hal
