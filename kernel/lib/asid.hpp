// Numbers of address spaces (ASIDs), by which a translation cache tells the entries of one from those of another, so
// that nothing need be dropped at a switch.
//
// There are fewer numbers than address spaces in a machine's life. Each is given out once in a generation; when none is
// left the next generation begins, in which only the address spaces that run at that moment keep theirs. A CPU drops
// everything that its cache holds once, before it first uses a number of the new generation. So whatever a cache holds
// under a number belongs to the one that has it, and numbers of address spaces that ended come back by themselves.
//
// Number 0 is nobody's: the kernel has it where no program's root is loaded. An allocator that was not configured, or
// with too few numbers, hands out 0 and asks for a flush each time.
//
// What the caller does: for each change of a page table the CPUs on which the address space runs are told to forget
// what they hold under its number, and those on which it does not run must do so before it runs there again
// (hal/user_root.hpp).
//
// Locks: a switch within a generation takes none. All else is under a bare spinning lock, with interrupts off.
#pragma once

#include <atomic>

#include "kernel/lib/command_line.hpp"
#include "kernel/lib/numa.hpp"
#include "kernel/lib/spin.hpp"
#include "kernel/lib/types.hpp"

namespace lib {

// One address space's number, with the generation in which it has it. Owned by the address space.
class Asid {
 public:
  // Stands for as long as the address space runs anywhere; may be of a past generation otherwise.
  u32 number() const { return static_cast<u32>(tag_.load(std::memory_order_relaxed) & kNumberMask); }

 private:
  friend class AsidAllocator;
  static constexpr unsigned kNumberBits = 16;
  static constexpr u64 kNumberMask = (u64{1} << kNumberBits) - 1;
  // Generation and number; 0: none yet. Written under the allocator's lock. Relaxed suffices: enter() says why.
  std::atomic<u64> tag_ = 0;
};

class AsidAllocator {
 public:
  static constexpr unsigned kMostBits = Asid::kNumberBits;

  // What the calling CPU must forget before it uses the number.
  enum class Flush : u8 { Nothing, Number, Everything };
  struct Entry {
    u32 number;
    Flush flush;
  };

  constexpr AsidAllocator() = default;
  AsidAllocator(const AsidAllocator&) = delete;
  AsidAllocator& operator=(const AsidAllocator&) = delete;

  // The hardware has `bits` of a number and up to `cpus` CPUs use them. Before the first enter(), by one CPU. False
  // where the numbers are too few to be worth it: one for each CPU's program must be left over, and 0.
  bool configure(unsigned bits, u32 cpus);
  bool is_used() const { return bits_ != 0; }
  unsigned bits() const { return bits_; }

  // `space` is about to run on `cpu`, the calling one, and whatever ran there before no longer does. Interrupts off.
  //
  // Why no order is asked for: `active` is the only word that two CPUs contend for, and a CPU's own is made other than
  // 0 by itself alone. Who ends a generation takes it with an exchange. Either that comes first, then the exchange here
  // fails; or it finds what is stored here, and keeps it for the new generation. A stale value of `generation_` does no
  // harm, because its writer has taken `active` before any number of the new one is given out, and this CPU
  // synchronizes with that by the lock. Unused, `active` stays 0.
  Entry enter(u32 cpu, Asid& space) {
    Cpu& own = cpus_[cpu];
    const u64 tag = space.tag_.load(std::memory_order_relaxed);
    u64 before = own.active.load(std::memory_order_relaxed);
    if (before != 0 && generation_of(tag) == generation_.load(std::memory_order_relaxed) &&
        own.active.compare_exchange_strong(before, tag, std::memory_order_relaxed)) [[likely]] {
      return {static_cast<u32>(tag & Asid::kNumberMask), Flush::Nothing};
    }
    return enter_slowly(own, space);
  }

  // For tests: generations that have ended.
  u64 rollovers() const { return (generation_.load(std::memory_order_relaxed) >> Asid::kNumberBits) - 1; }

 private:
  static constexpr u64 kGeneration = u64{1} << Asid::kNumberBits;
  static constexpr usize kWords = (usize{1} << kMostBits) / 64;
  struct alignas(64) Cpu {
    // What runs here; 0 after a generation's end, until the CPU has come for a number of the new one.
    std::atomic<u64> active = 0;
    // Under the lock. What ran here when the generation ended: it still may.
    u64 reserved = 0;
    bool must_flush = true;
  };

  static constexpr u64 generation_of(u64 tag) { return tag & ~Asid::kNumberMask; }
  Entry enter_slowly(Cpu& own, Asid& space);
  // All under the lock.
  u64 renew(u64 tag);
  bool keep_reserved(u64 tag, u64 renewed);
  u64 take_free();
  void begin_generation();
  bool is_taken(u64 number) const { return (taken_[number / 64] >> number % 64 & 1) != 0; }
  void take(u64 number) { taken_[number / 64] |= u64{1} << number % 64; }

  unsigned bits_ = 0;
  u32 cpu_count_ = 0;
  std::atomic<u64> generation_ = kGeneration;
  RawSpinLock lock_;
  usize hint_ = 0;  // no word of taken_ before this one has a free number
  u64 taken_[kWords] = {};
  Cpu cpus_[NumaTopology::kMaxCpus];
};

// What `asid_bits=` on the command line leaves of the hardware's bits; 0 turns numbers off.
unsigned asid_bits(const CommandLine& options, unsigned hardware);

}  // namespace lib
