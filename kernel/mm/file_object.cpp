// The tree of a FileObject's pages: entering, dirtying, dropping. Reading and writing are in file_object_io.cpp.

#include "kernel/mm/file_object.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/mm/page_wait.hpp"
#include "kernel/mm/policy.hpp"
#include "kernel/mm/reclaim.hpp"

namespace mm {

using namespace page_flag;

CacheCounts g_cache_counts;

Result<lib::Ref<FileObject>> FileObject::create(PageStore& store, u64 bytes, Kind kind) {
  return lib::make_ref<FileObject>(store, bytes, kind);
}

FileObject::~FileObject() {
  if (store_ != nullptr) detach();
}

Status FileObject::enter(Pages& pages, u64 index, PageFrame* frame) {
  TRY(pages.tree.insert(index, frame));
  reclaim_enter(frame);
  page_count_.fetch_add(1, std::memory_order_relaxed);
  cached_counter().fetch_add(1, std::memory_order_relaxed);
  return {};
}

// The tree's reference becomes the caller's.
void FileObject::leave(Pages& pages, u64 index, PageFrame* frame) {
  pages.tree.remove(index);
  if ((frame->flags.fetch_and(static_cast<u8>(~kDirty)) & kDirty) != 0) {
    pages.dirty.remove(index);
    dirty_count_.fetch_sub(1, std::memory_order_relaxed);
    g_cache_counts.dirty.fetch_sub(1, std::memory_order_relaxed);
  }
  reclaim_leave(frame);
  page_count_.fetch_sub(1, std::memory_order_relaxed);
  cached_counter().fetch_sub(1, std::memory_order_relaxed);
}

PageFrame* FileObject::cached_page(u64 index) {
  return pages_.with([&](Pages& pages) -> PageFrame* {
    PageFrame* frame = pages.tree.find(index);
    if (frame == nullptr) return nullptr;
    const u8 flags = frame->flags.load(std::memory_order_acquire);
    if ((flags & kUpToDate) == 0) return nullptr;
    if ((flags & kReferenced) == 0) frame->flags.fetch_or(kReferenced, std::memory_order_relaxed);
    acquire_frame(frame);
    return frame;
  });
}

Result<bool> FileObject::mark_dirty(u64 index, PageFrame* frame) {
  enum class Outcome : u8 { Gone, Before, Now };
  const auto outcome = pages_.with([&](Pages& pages) -> Result<Outcome> {
    if (pages.tree.find(index) != frame) return Outcome::Gone;
    if ((frame->flags.load(std::memory_order_acquire) & kDirty) != 0) return Outcome::Before;
    TRY(pages.dirty.insert(index, frame));
    frame->flags.fetch_or(kDirty);
    dirty_count_.fetch_add(1, std::memory_order_relaxed);
    g_cache_counts.dirty.fetch_add(1, std::memory_order_relaxed);
    return Outcome::Now;
  });
  if (!outcome) return Err(outcome.error());
  if (*outcome == Outcome::Now && store_ != nullptr) store_->became_dirty();
  return *outcome != Outcome::Gone;
}

// A page behind the end: nothing to read.
Status FileObject::add_fresh(u64 index) {
  PageFrame* fresh = TRY(allocate_user_frame(FrameKind::Cache, Allocate::Zeroed));
  fresh->owner = this;
  fresh->index = index;
  fresh->flags.store(kUpToDate | kReferenced);
  const Status entered = pages_.with([&](Pages& pages) -> Status {
    if (pages.tree.find(index) != nullptr) return Err(Errno::EEXIST);
    return enter(pages, index, fresh);
  });
  if (!entered) release_frame(fresh);
  if (!entered && entered.error() != Errno::EEXIST) return entered;
  return {};
}

Result<PageFrame*> FileObject::dirty_page(u64 index, u32 from, u32 to, bool extends) {
  for (;;) {
    PageFrame* frame = nullptr;
    if (extends && index >= page_limit()) {
      frame = cached_page(index);
      if (frame == nullptr) {
        TRY(add_fresh(index));
        frame = cached_page(index);
        if (frame == nullptr) continue;
      }
    } else {
      frame = TRY(page(index));
    }
    const bool has_room =
        (frame->flags.load(std::memory_order_acquire) & kDirty) != 0 && store_ != nullptr && !store_->reserves_parts();
    if (!has_room) {
      const Status reserved = store_ == nullptr ? Err(Errno::EIO) : store_->reserve(index, from, to, extends);
      if (!reserved) {
        release_frame(frame);
        return Err(reserved.error());
      }
    }
    const auto marked = mark_dirty(index, frame);
    if (marked && *marked) return frame;
    release_frame(frame);
    if (!marked) return Err(marked.error());
  }
}

Status FileObject::page_was_written(u64 index, PageFrame* frame) {
  if ((frame->flags.load(std::memory_order_acquire) & kDirty) == 0) TRY(mark_dirty(index, frame));
  return {};
}

Status FileObject::offer_page(u64 index, PageFrame* frame) {
  if (store_ == nullptr) return Err(Errno::EIO);
  TRY(store_->reserve(index, 0, kPageSize, true));
  frame->kind = FrameKind::Cache;
  frame->owner = this;
  frame->index = index;
  frame->flags.store(kUpToDate | kReferenced);
  TRY(pages_.with([&](Pages& pages) -> Status {
    if (pages.tree.find(index) != nullptr) return Err(Errno::EEXIST);
    return enter(pages, index, frame);
  }));
  // From here on the page is the tree's; if marking it fails it is clean, and has to be thrown away again.
  if (const auto marked = mark_dirty(index, frame); !marked) {
    drop(index, 1);
    return Err(marked.error());
  }
  return {};
}

void FileObject::cut(u64 bytes) {
  set_limit(bytes);
  const u64 pages = pages_for(bytes);
  drop(pages, ~u64{0} - pages);
}

void FileObject::drop(u64 first, u64 count) {
  const u64 end = first + count;
  mappers_.unmap(*this, first, count);
  for (u64 index = first;;) {
    bool busy = false;
    PageFrame* frame = pages_.with([&](Pages& pages) -> PageFrame* {
      PageFrame* found = pages.tree.next(index);
      if (found == nullptr || index >= end) return nullptr;
      busy = (found->flags.load(std::memory_order_acquire) & (kFilling | kWriteback)) != 0;
      if (busy) {
        acquire_frame(found);
      } else {
        leave(pages, index, found);
      }
      return found;
    });
    if (frame == nullptr) break;
    if (busy) wait_for_page(frame, kFilling | kWriteback);
    release_frame(frame);
  }
  // A fault may have mapped a page between the first look and its removal.
  mappers_.unmap(*this, first, count);
}

void FileObject::drop_clean() {
  for (u64 index = 0;; ++index) {
    PageFrame* frame = pages_.with([&](Pages& pages) -> PageFrame* {
      for (;; ++index) {
        PageFrame* found = pages.tree.next(index);
        if (found == nullptr) return nullptr;
        const u8 busy = found->flags.load(std::memory_order_acquire) & (kFilling | kWriteback | kDirty);
        if (busy != 0 || found->references.load(std::memory_order_acquire) != 1) continue;
        leave(pages, index, found);
        return found;
      }
    });
    if (frame == nullptr) return;
    release_frame(frame);
  }
}

bool FileObject::try_drop(PageFrame* frame, bool unmap) {
  const u64 index = frame->index;
  const auto drop_it = [&](Pages& pages) {
    if (pages.tree.find(index) != frame) return false;
    const u8 busy = frame->flags.load(std::memory_order_acquire) & (kFilling | kWriteback | kDirty);
    if (busy != 0 || frame->references.load(std::memory_order_acquire) != 1) return false;
    leave(pages, index, frame);
    return true;
  };
  bool dropped = pages_.with(drop_it);
  if (!dropped && unmap && !mappers_.empty()) {
    mappers_.unmap(*this, index, 1);
    dropped = pages_.with(drop_it);
  }
  if (dropped) release_frame(frame);
  return dropped;
}

void FileObject::detach() {
  store_ = nullptr;
  set_limit(0);
  drop(0, ~u64{0});
}

}  // namespace mm
