// Address spaces and translation caches.
//
// Shoot-down: every CPU has one request, which only it fills, and a set of the CPUs whose requests it is to serve. A
// CPU that waits serves its own set meanwhile, with interrupts off throughout, so that two that shoot at each other
// both get their answer. What cannot be served is a CPU that spins with interrupts off for something else: nobody may
// wait here while holding what such a CPU waits for.
#include "arch/x86_64/gdt.hpp"
#include "arch/x86_64/idt.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch/x86_64/lapic.hpp"
#include "arch/x86_64/shootdown.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/tlb.hpp"

namespace hal::arch {
namespace {

struct alignas(64) Mailbox {
  // The request of this CPU to others. Stable while `pending` is not 0.
  VirtAddr start = 0, end = 0;
  std::atomic<u32> pending = 0;
  // The CPUs that wait for this one.
  std::atomic<u64> senders[CpuMask::kWords] = {};
};
constinit Mailbox mailboxes[kMaxCpus];

void flush_all_with_global() {
  // A change of CR4.PGE drops everything (Intel SDM vol. 3A 4.10.4.1).
  constexpr u64 kGlobalPages = 1 << 7;
  const u64 cr4 = read_cr4();
  write_cr4(cr4 & ~kGlobalPages);
  write_cr4(cr4);
}

}  // namespace

void serve_shootdowns() {
  Mailbox& own = mailboxes[current_cpu()->id];
  for (usize word = 0; word < CpuMask::kWords; ++word) {
    if (own.senders[word].load(std::memory_order_relaxed) == 0) continue;
    u64 senders = own.senders[word].exchange(0, std::memory_order_acquire);
    for (; senders != 0; senders &= senders - 1) {
      Mailbox& sender = mailboxes[word * 64 + static_cast<usize>(__builtin_ctzll(senders))];
      tlb_flush_local(sender.start, sender.end);
      sender.pending.fetch_sub(1, std::memory_order_release);
    }
  }
}

}  // namespace hal::arch

namespace hal {

// Drops all but global entries (Intel SDM vol. 3A 4.10.4.1): no PCIDs are used.
void activate_root(UserRoot& root) { arch::write_cr3(root.table().value); }

void tlb_flush_local(VirtAddr start, VirtAddr end) {
  // About where single pages cost more than refilling what a full flush drops.
  constexpr u64 kFewPages = 64;
  if (end - start <= kFewPages * kPageSize) {
    for (VirtAddr page = start; page < end; page += kPageSize) arch::invalidate_page(page);
  } else if (start >= arch::kDirectMapBase) {
    arch::flush_all_with_global();
  } else {
    arch::write_cr3(arch::read_cr3());
  }
}

namespace {

// Which CPUs, as words of 64: the shape of CpuMask and CpuSet.
template <class Cpus>
void shoot_down(const Cpus& cpus, VirtAddr start, VirtAddr end) {
  const InterruptGuard guard;
  const u32 self = current_cpu()->id;
  arch::Mailbox& own = arch::mailboxes[self];
  bool local = false;
  for (usize word = 0; word < CpuMask::kWords; ++word) {
    for (u64 targets = cpus.raw(word); targets != 0; targets &= targets - 1) {
      const u32 cpu = static_cast<u32>(word * 64) + static_cast<u32>(__builtin_ctzll(targets));
      if (cpu == self) {
        local = true;
        continue;
      }
      const arch::CpuLocal* target = arch::cpu_locals[cpu];
      if (target == nullptr) continue;
      own.start = start;
      own.end = end;
      own.pending.fetch_add(1, std::memory_order_relaxed);
      arch::mailboxes[cpu].senders[self / 64].fetch_or(u64{1} << (self % 64), std::memory_order_release);
      arch::lapic_send_vector(target->apic_id, arch::kVectorTlb);
    }
  }
  if (local) tlb_flush_local(start, end);
  while (own.pending.load(std::memory_order_acquire) != 0) {
    arch::serve_shootdowns();
    relax();
  }
}

}  // namespace

void tlb_flush_user(UserRoot& root, VirtAddr start, VirtAddr end) {
  // The stores to the entries must not wait in this CPU's buffer until after the look at who is active: a CPU that sets
  // itself active in between would walk what was there before.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  shoot_down(root.active(), start, end);
}

void tlb_flush_kernel(VirtAddr start, VirtAddr end) {
  CpuSet everybody;
  for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) everybody.words[cpu / 64] |= u64{1} << cpu % 64;
  shoot_down(everybody, start, end);
}

// Instruction caches follow writes by any CPU (Intel SDM vol. 3A 12.6); the jump to the new code is what serializes.
void sync_instructions(VirtAddr, VirtAddr) {}

}  // namespace hal
