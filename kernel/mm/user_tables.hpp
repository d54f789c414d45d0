// Page-table work on ranges of user addresses. The address space's lock is held throughout; a frame in an entry carries
// one reference.
#pragma once

#include <algorithm>

#include "hal/user_root.hpp"
#include "kernel/mm/page_table.hpp"

namespace mm {

// Visits every present leaf entry in [start, end): visit(u64& entry, VirtAddr address). Empty tables cost nothing.
template <class Visit>
void for_each_entry(PhysAddr table, unsigned level, VirtAddr start, VirtAddr end, Visit&& visit) {
  u64* entries = hal::phys_to<u64>(table);
  const u64 step = hal::level_size(level);
  for (VirtAddr at = start; at < end;) {
    u64& entry = entries[hal::level_index(at, level)];
    const VirtAddr next = std::min<VirtAddr>(align_down(at, step) + step, end);
    if (Pte::present(entry)) {
      if (level == 0 || Pte::is_leaf(entry, level)) {
        visit(entry, at);
      } else {
        for_each_entry(Pte::address(entry), level - 1, at, next, visit);
      }
    }
    at = next;
  }
}

// Collects frames whose entries were cleared, and gives them back after the TLBs have forgotten them.
class FrameGather {
 public:
  explicit FrameGather(hal::UserRoot& root) : root_(root) {}
  ~FrameGather() { flush(); }
  FrameGather(const FrameGather&) = delete;
  FrameGather& operator=(const FrameGather&) = delete;

  void add(PageFrame* frame, VirtAddr address);
  // An entry lost a right without losing its frame.
  void touch(VirtAddr address);
  void flush();

 private:
  static constexpr usize kCapacity = 128;
  hal::UserRoot& root_;
  usize count_ = 0;
  VirtAddr low_ = ~VirtAddr{0};
  VirtAddr high_ = 0;
  PageFrame* frames_[kCapacity];
};

// Frees all tables below a root whose user half holds no frames any more, and the root itself if `with_root`.
void free_user_tables(PhysAddr root, bool with_root);

}  // namespace mm
