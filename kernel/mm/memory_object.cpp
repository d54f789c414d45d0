#include "kernel/mm/memory_object.hpp"

#include <cstring>

#include "kernel/mm/policy.hpp"

namespace mm {

Result<lib::Ref<MemoryObject>> MemoryObject::create(u64 limit_bytes, lib::Ref<PageBudget> budget) {
  return lib::make_ref<MemoryObject>(limit_bytes, std::move(budget));
}

MemoryObject::~MemoryObject() {
  Pages& pages = pages_.unshared();
  if (budget_) budget_->give(resident_.load());
  u64 index = 0;
  while (PageFrame* frame = pages.tree.next(index)) {
    pages.tree.remove(index);
    release_frame(frame);
  }
}

PageFrame* MemoryObject::cached_page(u64 index) {
  return pages_.with([&](Pages& pages) {
    PageFrame* frame = pages.tree.find(index);
    if (frame != nullptr) acquire_frame(frame);
    return frame;
  });
}

Result<PageFrame*> MemoryObject::page(u64 index) {
  if (PageFrame* frame = cached_page(index)) return frame;
  if (budget_ && !budget_->take()) return Err(Errno::ENOSPC);
  auto allocated = allocate_user_frame(FrameKind::Cache, Allocate::Zeroed);
  if (!allocated) {
    if (budget_) budget_->give(1);
    return allocated;
  }
  PageFrame* fresh = *allocated;
  fresh->owner = this;
  fresh->index = index;
  const auto result = pages_.with([&](Pages& pages) -> Result<PageFrame*> {
    PageFrame* frame = pages.tree.find(index);
    if (frame == nullptr) {
      TRY(pages.tree.insert(index, fresh));
      resident_.fetch_add(1, std::memory_order_relaxed);
      frame = fresh;
    }
    acquire_frame(frame);
    return frame;
  });
  // Either the tree took our reference, or somebody was faster, or there was no memory for the tree.
  if (!result || *result != fresh) {
    release_frame(fresh);
    if (budget_) budget_->give(1);
  }
  return result;
}

void MemoryObject::cut(u64 bytes) {
  const u64 pages = pages_for(bytes);
  limit_pages_.store(pages, std::memory_order_release);
  punch(pages, ~u64{0} - pages);
  if ((bytes & kPageMask) == 0) return;
  if (PageFrame* last = cached_page(bytes >> kPageShift)) {
    const usize offset = bytes & kPageMask;
    std::memset(static_cast<u8*>(memory_of(last)) + offset, 0, kPageSize - offset);
    release_frame(last);
  }
}

void MemoryObject::punch(u64 first, u64 count) {
  const u64 end = first + count;
  for (u64 index = first;;) {
    PageFrame* frame = pages_.with([&](Pages& pages) {
      PageFrame* found = pages.tree.next(index);
      if (found == nullptr || index >= end) return static_cast<PageFrame*>(nullptr);
      pages.tree.remove(index);
      resident_.fetch_sub(1, std::memory_order_relaxed);
      return found;
    });
    if (frame == nullptr) break;
    release_frame(frame);
    if (budget_) budget_->give(1);
  }
  mappers_.unmap(*this, first, count);
}

}  // namespace mm
