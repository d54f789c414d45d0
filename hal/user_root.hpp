// The root of a program's page tables, and what the translation caches know of it.
//
// `active` are the CPUs on which the root is loaded: they are told at once when an entry changes. Where address spaces
// have numbers (lib::AsidAllocator), the cache of a CPU that has gone on to another root still holds entries of this
// one: `stale` are the CPUs that must drop them before they load it again. Ports whose CPUs drop everything at a switch
// need only `active`.
//
// The two sides must not miss one another. Who changes an entry stores it, marks the CPUs that are not active as stale,
// and then looks once more who is active; who loads the root sets itself active first, and then looks whether it is
// stale. All of these are in one total order (sequentially consistent): either the one that changes finds the CPU
// active, or the CPU finds itself stale, or its walks come after the entry's store. Both at once costs a flush.
//
// Lives as long as a CPU has it loaded (mm::AddressSpace counts references). No locks.
#pragma once

#include "hal/smp.hpp"
#include "kernel/lib/asid.hpp"

namespace hal {

class UserRoot {
 public:
  explicit UserRoot(PhysAddr table) : table_(table) {}

  PhysAddr table() const { return table_; }
  u32 number() const { return asid_.number(); }
  const CpuMask& active() const { return active_; }

  // Around activate_root(): before it for the root that comes, after it for the one that goes.
  void set_active(u32 cpu) { active_.set(cpu); }
  void clear_active(u32 cpu) { active_.clear(cpu); }

  // In activate_root(): the number to load on the calling CPU, and what that must forget before.
  lib::AsidAllocator::Entry enter(lib::AsidAllocator& numbers, u32 cpu) {
    using Flush = lib::AsidAllocator::Flush;
    lib::AsidAllocator::Entry entry = numbers.enter(cpu, asid_);
    if (stale_.test(cpu)) {
      stale_.clear(cpu);
      if (entry.flush == Flush::Nothing) entry.flush = Flush::Number;
    }
    // Entries that were changed before somebody found us not active, or our number an old one, are seen from here on.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return entry;
  }

  // Entries were changed: the CPUs that must forget them now; the rest does when it comes back. number() is to be read
  // afterwards. `self` is the calling CPU; all CPUs are in the first `words` words of a mask.
  struct Targets {
    bool self = false;
    bool any_other = false;
    CpuSet others;
  };
  Targets begin_flush(u32 self, usize words) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    Targets targets;
    for (usize word = 0; word < words; ++word) {
      const u64 running = active_.raw(word);
      if ((stale_.raw(word) | running) != ~u64{0}) stale_.set_raw(word, ~running);
      u64 now = running | active_.raw(word);
      if (word == self / 64) {
        const u64 bit = u64{1} << self % 64;
        targets.self = (now & bit) != 0;
        now &= ~bit;
      }
      targets.others.words[word] = now;
      targets.any_other |= now != 0;
    }
    return targets;
  }

 private:
  const PhysAddr table_;
  CpuMask active_;
  CpuMask stale_;
  lib::Asid asid_;
};

}  // namespace hal
