// Free frames of one NUMA node below or above 4 GiB, in a buddy system.
//
// Blocks of 2^order frames, aligned to their size, are on the list of their order; a block and its buddy that are both
// free are joined. The lock is the zone's; frames of kind Free and FreeTail inside belong to it.
#pragma once

#include "kernel/mm/frame.hpp"
#include "kernel/sync/locked.hpp"

namespace mm {

class Zone {
 public:
  explicit Zone(u8 node = 0) : node_(node) {}

  // Frames [first, end) become free frames of this zone's node. At boot.
  void add_range(PhysAddr first, PhysAddr end);

  // Null when no block is large enough.
  PageFrame* allocate(unsigned order);
  void free(PageFrame* frame, unsigned order);

  // Takes up to `count` single frames at once into `frames`. Returns how many.
  usize allocate_many(PageFrame** frames, usize count);
  void free_many(PageFrame** frames, usize count);

  u64 free_frames() const { return free_count_.load(std::memory_order_relaxed); }
  u64 total_frames() const { return total_; }

 private:
  struct FreeLists {
    lib::List<PageFrame> of_order[kMaxOrder + 1];
  };
  PageFrame* take(FreeLists& lists, unsigned order);
  void give(FreeLists& lists, PageFrame* frame, unsigned order);

  sync::Locked<FreeLists, sync::LockClass::Zone> lists_;
  std::atomic<u64> free_count_ = 0;
  u64 total_ = 0;
  const u8 node_;
};

}  // namespace mm
