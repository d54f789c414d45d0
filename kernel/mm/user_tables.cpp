#include "kernel/mm/user_tables.hpp"

#include <algorithm>

#include "hal/tlb.hpp"
#include "kernel/sync/preempt.hpp"

namespace mm {
namespace {

// Most entries of most tables were never used: they are looked at in groups.
constexpr usize kGroup = 8;
bool is_unused(const u64* at) { return (at[0] | at[1] | at[2] | at[3] | at[4] | at[5] | at[6] | at[7]) == 0; }

void free_tables_below(PhysAddr table, unsigned level, usize entries) {
  u64* group = hal::phys_to<u64>(table);
  for (const u64* end = group + entries; group != end; group += kGroup) {
    if (is_unused(group)) continue;
    for (u64* entry = group; entry != group + kGroup; ++entry) {
      if (*entry == 0) continue;
      if (level > 1) free_tables_below(Pte::address(*entry), level - 1, hal::kTableEntries);
      release_frame(frame_of(Pte::address(*entry)));
      *entry = 0;
    }
  }
}

}  // namespace

void FrameGather::touch(VirtAddr address) {
  low_ = std::min(low_, address);
  high_ = std::max(high_, address + kPageSize);
}

void FrameGather::add(PageFrame* frame, VirtAddr address) {
  touch(address);
  frames_[count_++] = frame;
  if (count_ == kCapacity) flush();
}

void FrameGather::flush() {
  if (high_ == 0) return;
  {
    sync::PreemptGuard preemption_off;
    hal::tlb_flush_user(root_, low_, high_);
  }
  for (usize i = 0; i < count_; ++i) release_frame(frames_[i]);
  count_ = 0;
  low_ = ~VirtAddr{0};
  high_ = 0;
}

void free_user_tables(PhysAddr root, bool with_root) {
  const usize user_entries = hal::arch::kUserRootHasKernelHalf ? hal::kTableEntries / 2 : hal::kTableEntries;
  free_tables_below(root, Pte::levels() - 1, user_entries);
  if (with_root) release_frame(frame_of(root));
}

}  // namespace mm
