#include "kernel/mm/zone.hpp"

#include <algorithm>
#include <bit>

#include "kernel/diag/assert.hpp"

namespace mm {
namespace {

PageFrame* buddy_of(PageFrame* frame, unsigned order) {
  const u64 number = static_cast<u64>(frame - frame_table());
  return frame_table() + (number ^ (u64{1} << order));
}

}  // namespace

void Zone::add_range(PhysAddr first, PhysAddr end) {
  auto lists = lists_.lock();
  u64 number = first.value >> kPageShift;
  const u64 end_number = end.value >> kPageShift;
  total_ += end_number - number;
  while (number < end_number) {
    const unsigned alignment = number == 0 ? kMaxOrder : static_cast<unsigned>(std::countr_zero(number));
    const unsigned fits = static_cast<unsigned>(std::bit_width(end_number - number)) - 1;
    const unsigned order = std::min({alignment, fits, kMaxOrder});
    for (u64 i = 0; i < (u64{1} << order); ++i) {
      frame_table()[number + i].kind = FrameKind::FreeTail;
      frame_table()[number + i].node = node_;
    }
    give(*lists, frame_table() + number, order);
    number += u64{1} << order;
  }
}

PageFrame* Zone::take(FreeLists& lists, unsigned order) {
  unsigned found = order;
  while (found <= kMaxOrder && lists.of_order[found].empty()) ++found;
  if (found > kMaxOrder) return nullptr;
  PageFrame* frame = &lists.of_order[found].front();
  lists.of_order[found].pop_front();
  while (found > order) {
    --found;
    PageFrame* half = frame + (u64{1} << found);
    half->kind = FrameKind::Free;
    half->order = static_cast<u8>(found);
    lists.of_order[found].push_front(*half);
  }
  frame->kind = FrameKind::FreeTail;
  free_count_.fetch_sub(u64{1} << order, std::memory_order_relaxed);
  return frame;
}

void Zone::give(FreeLists& lists, PageFrame* frame, unsigned order) {
  free_count_.fetch_add(u64{1} << order, std::memory_order_relaxed);
  while (order < kMaxOrder) {
    // A buddy outside RAM is in a part of the table that is not mapped: is_ram() looks before we do.
    PageFrame* buddy = buddy_of(frame, order);
    if (!is_ram(address_of(buddy)) || buddy->kind != FrameKind::Free || buddy->order != order ||
        buddy->node != frame->node) {
      break;
    }
    lists.of_order[order].erase(lists.of_order[order].iterator_to(*buddy));
    buddy->kind = FrameKind::FreeTail;
    frame = std::min(frame, buddy);
    ++order;
  }
  frame->kind = FrameKind::Free;
  frame->order = static_cast<u8>(order);
  lists.of_order[order].push_front(*frame);
}

PageFrame* Zone::allocate(unsigned order) {
  auto lists = lists_.lock();
  return take(*lists, order);
}

void Zone::free(PageFrame* frame, unsigned order) {
  auto lists = lists_.lock();
  frame->kind = FrameKind::FreeTail;
  give(*lists, frame, order);
}

usize Zone::allocate_many(PageFrame** frames, usize count) {
  auto lists = lists_.lock();
  usize taken = 0;
  while (taken < count) {
    PageFrame* frame = take(*lists, 0);
    if (frame == nullptr) break;
    frames[taken++] = frame;
  }
  return taken;
}

void Zone::free_many(PageFrame** frames, usize count) {
  auto lists = lists_.lock();
  for (usize i = 0; i < count; ++i) {
    frames[i]->kind = FrameKind::FreeTail;
    give(*lists, frames[i], 0);
  }
}

}  // namespace mm
