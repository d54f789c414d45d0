// Address spaces and translation caches. Other harts are reached through the firmware (SBI RFENCE), which interrupts
// them in machine mode: a hart with interrupts off answers as well, so that nobody can wait for one another.
//
// The firmware's calls take whole sets of harts, so that a flush of one address space goes to those that run it; the
// others drop what they have of it when they come back to it (hal/user_root.hpp).
#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/smp.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/log.h"
#include "hal/tlb.hpp"
#include "kernel/lib/command_line.hpp"

namespace hal {
namespace {

using Flush = lib::AsidAllocator::Flush;

constinit lib::AsidAllocator numbers;
// Of a CpuMask, those in which there are CPUs.
constinit usize mask_words = CpuMask::kWords;

// About where single pages cost more than refilling what a full flush drops.
constexpr u64 kFewPages = 16;

void load(u64 number, PhysAddr root) {
  WRITE_CSR("satp", arch::early_boot.satp_mode | number << arch::kSatpAsidShift | root.value >> kPageShift);
}

// A hart keeps of the field what it implements, from the lowest bit on (privileged specification 20240411, 12.1.11).
// The same root stays loaded.
unsigned number_bits() {
  const InterruptGuard guard;
  const u64 before = READ_CSR("satp");
  WRITE_CSR("satp", before | arch::kSatpAsidMask);
  const u64 kept = (READ_CSR("satp") & arch::kSatpAsidMask) >> arch::kSatpAsidShift;
  WRITE_CSR("satp", before);
  arch::flush_asid(kept);
  return static_cast<unsigned>(__builtin_ctzll(~kept));
}

CpuSet all_cpus() {
  CpuSet cpus;
  for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) cpus.words[cpu / 64] |= u64{1} << cpu % 64;
  return cpus;
}

}  // namespace

namespace arch {

void activate_kernel_root() {
  load(0, kernel_root());
  flush_asid(0);
}

bool asids_fit() {
  const unsigned bits = numbers.is_used() ? number_bits() : 0;
  if (numbers.bits() <= bits) return true;
  hal_log(HAL_LOG_ERROR, "mmu", "this hart has ASIDs of %u bits, the others of %u", bits, numbers.bits());
  return false;
}

void start_asids(u32 cpus) {
  mask_words = (cpus + 63) / 64;
  const unsigned bits = lib::asid_bits(lib::CommandLine(early_boot.info.command_line), number_bits());
  if (numbers.configure(bits, cpus)) {
    hal_log(HAL_LOG_INFO, "mmu", "ASIDs of %u bits", bits);
  } else {
    hal_log(HAL_LOG_INFO, "mmu", "no ASIDs: every switch of address spaces empties the TLB");
  }
}

}  // namespace arch

void activate_root(UserRoot& root) {
  const auto [number, flush] = root.enter(numbers, current_cpu()->id);
  load(number, root.table());
  if (flush == Flush::Nothing) return;
  // After the load, because the old root may have had the same number. Nobody reads user memory in between.
  if (flush == Flush::Everything) {
    arch::flush_everything();
  } else {
    arch::flush_asid(number);
  }
}

void tlb_flush_local(VirtAddr start, VirtAddr end) {
  if (end - start <= kFewPages * kPageSize) {
    for (VirtAddr page = start; page < end; page += kPageSize) arch::flush_page(page);
  } else {
    arch::flush_everything();
  }
}

void tlb_flush_user(UserRoot& root, VirtAddr start, VirtAddr end) {
  const UserRoot::Targets targets = root.begin_flush(current_cpu()->id, mask_words);
  const u64 number = root.number();
  if (targets.self) {
    if (end - start <= kFewPages * kPageSize) {
      for (VirtAddr page = start; page < end; page += kPageSize) arch::flush_page_of(number, page);
    } else {
      arch::flush_asid(number);
    }
  }
  if (!targets.any_other) return;
  const auto flush = [&](arch::HartMask harts) { arch::sbi_remote_flush_of(number, harts, start, end - start); };
  arch::for_other_harts(targets.others, flush);
}

void tlb_flush_kernel(VirtAddr start, VirtAddr end) {
  const InterruptGuard guard;
  tlb_flush_local(start, end);
  const auto flush = [&](arch::HartMask harts) { arch::sbi_remote_flush(harts, start, end - start); };
  arch::for_other_harts(all_cpus(), flush);
}

void sync_instructions(VirtAddr, VirtAddr) {
  const InterruptGuard guard;
  // What was written must be visible to the others before they fetch (unprivileged specification 20240411, Zifencei).
  std::atomic_thread_fence(std::memory_order_seq_cst);
  arch::fence_instructions();
  arch::for_other_harts(all_cpus(), [](arch::HartMask harts) { arch::sbi_remote_fence_i(harts); });
}

}  // namespace hal
