// The memory map of boot time and the allocator that works before there is any other.
//
// The boot code adds RAM and reserves what is taken (kernel image, initramfs, device tree, loader's data); allocate()
// hands out zeroed-by-nobody page ranges from the top of usable RAM downwards. When the frame allocator starts it takes
// everything that is still free and this object becomes a read-only record.
//
// Ranges are kept sorted, merged and page-aligned (RAM shrinks to whole pages, reservations grow to them). The table is
// fixed because nothing can be allocated yet; ranges that do not fit are dropped towards safety (RAM is lost, never
// handed out twice) and counted in `dropped`, which the kernel logs. Single-threaded: the boot CPU alone uses it.
#pragma once

#include <array>

#include "kernel/lib/types.hpp"

namespace lib {

class BootMemory {
 public:
  struct Range {
    u64 base = 0;
    u64 end = 0;  // exclusive
    constexpr u64 size() const { return end - base; }
  };
  static constexpr usize kMaxRanges = 192;

  class RangeSet {
   public:
    constexpr const Range* begin() const { return ranges_.data(); }
    constexpr const Range* end() const { return ranges_.data() + count_; }
    constexpr usize size() const { return count_; }
    // Both return false when the table is full and nothing was changed.
    bool add(u64 base, u64 end);
    bool remove(u64 base, u64 end);
    bool contains(u64 address) const;

   private:
    std::array<Range, kMaxRanges> ranges_{};
    usize count_ = 0;
  };

  // Bytes outside whole pages are ignored. Overlaps with earlier RAM are merged.
  void add_ram(u64 base, u64 size);
  // Takes [base, base+size) out of what allocate() may use. May be outside RAM.
  void reserve(u64 base, u64 size);
  // Forgets RAM from `limit` on (the `mem=` option).
  void limit_ram(u64 limit);

  // `pages` contiguous pages from `from` to `below` (physical addresses), aligned to `alignment` bytes (a power of two,
  // at least a page). Returns 0 where there is no such range. The memory is not cleared.
  u64 allocate(u64 pages, u64 alignment = kPageSize, u64 below = ~u64{0}, u64 from = 0);

  const RangeSet& ram() const { return ram_; }
  const RangeSet& free() const { return free_; }
  u64 ram_bytes() const;
  u64 free_bytes() const;
  u64 highest_ram() const { return ram_.size() == 0 ? 0 : (ram_.end() - 1)->end; }
  u32 dropped() const { return dropped_; }

 private:
  RangeSet ram_;
  RangeSet free_;  // always inside ram_
  u32 dropped_ = 0;
};

}  // namespace lib
