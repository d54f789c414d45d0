// Reading pages in, with readahead, and writing dirty ones out.

#include <algorithm>
#include <cstring>

#include "kernel/mm/file_object.hpp"
#include "kernel/mm/page_wait.hpp"
#include "kernel/mm/policy.hpp"

namespace mm {

using namespace page_flag;

namespace {

// A reader that jumps gets this many pages; one that goes on where the last read ended gets twice as many each time.
constexpr u32 kSmallWindow = 4, kFirstWindow = 8, kLargeWindow = 64;

}  // namespace

Result<PageFrame*> FileObject::page(u64 index) {
  for (;;) {
    if (PageFrame* frame = cached_page(index)) return frame;
    PageFrame* filling = pages_.with([&](Pages& pages) {
      PageFrame* frame = pages.tree.find(index);
      if (frame != nullptr) acquire_frame(frame);
      return frame;
    });
    if (filling == nullptr) {
      if (index >= page_limit()) return Err(Errno::EIO);  // cut off since the caller looked
      TRY(fill(index));
      continue;
    }
    wait_for_page(filling, kFilling);
    release_frame(filling);
  }
}

usize FileObject::window_at(u64 index) {
  const u64 limit = page_limit();
  u32 window = kSmallWindow;
  if (index == 0) {
    window = kFirstWindow;
  } else if (index == next_miss_.load(std::memory_order_relaxed)) {
    window = std::min(window_.load(std::memory_order_relaxed) * 2, kLargeWindow);
  }
  window = static_cast<u32>(std::min<u64>(window, limit > index ? limit - index : 1));
  window_.store(window, std::memory_order_relaxed);
  next_miss_.store(index + window, std::memory_order_relaxed);
  return window;
}

usize FileObject::enter_filling(u64 first, PageFrame** frames, usize count) {
  return pages_.with([&](Pages& pages) {
    usize entered = 0;
    for (; entered < count; ++entered) {
      const u64 index = first + entered;
      if (index >= page_limit() || pages.tree.find(index) != nullptr) break;
      PageFrame* frame = frames[entered];
      frame->owner = this;
      frame->index = index;
      frame->flags.store(kFilling | (entered == 0 ? kReferenced : 0));
      if (!enter(pages, index, frame)) break;
      acquire_frame(frame);
    }
    return entered;
  });
}

Status FileObject::fill(u64 index) {
  PageFrame* frames[kMostPages];
  usize wanted = std::min(window_at(index), kMostPages);
  usize allocated = 0;
  while (allocated < wanted) {
    const auto frame = allocate_user_frame(FrameKind::Cache);
    if (!frame) break;
    frames[allocated++] = *frame;
  }
  if (allocated == 0) return Err(Errno::ENOMEM);
  const usize entered = enter_filling(index, frames, allocated);
  for (usize i = entered; i < allocated; ++i) release_frame(frames[i]);
  if (entered == 0) {
    // Somebody else brought it in, or there was no memory for the tree.
    const bool there = pages_.with([&](Pages& pages) { return pages.tree.find(index) != nullptr; });
    if (there || index >= page_limit()) return {};
    return Err(Errno::ENOMEM);
  }
  const Status filled = fill_run(index, frames, entered);
  for (usize i = 0; i < entered; ++i) release_frame(frames[i]);
  return filled;
}

// The part of the last page that is behind the file's end is nobody's data.
void FileObject::zero_behind_limit(u64 first, PageFrame** frames, usize count) {
  const u64 end = limit();
  const u64 last = end >> kPageShift;
  if ((end & kPageMask) == 0 || last < first || last >= first + count) return;
  const usize offset = end & kPageMask;
  std::memset(static_cast<u8*>(memory_of(frames[last - first])) + offset, 0, kPageSize - offset);
}

Status FileObject::fill_run(u64 first, PageFrame** frames, usize count) {
  Status result = store_ == nullptr ? Err(Errno::EIO) : store_->read_pages(first, {frames, count});
  if (!result && count > 1) {
    // One bad block must not take its neighbours along: the page that is wanted is tried alone, the others go.
    result = fill_run(first, frames, 1);
    for (usize i = 1; i < count; ++i) {
      pages_.with([&](Pages& pages) { leave(pages, first + i, frames[i]); });
      clear_page_flags(frames[i], kFilling);
      release_frame(frames[i]);
    }
    return result;
  }
  if (result) zero_behind_limit(first, frames, count);
  for (usize i = 0; i < count; ++i) {
    if (result) {
      frames[i]->flags.fetch_or(kUpToDate, std::memory_order_release);
    } else {
      pages_.with([&](Pages& pages) { leave(pages, first + i, frames[i]); });
    }
    clear_page_flags(frames[i], kFilling);
    if (!result) release_frame(frames[i]);
  }
  return result;
}

bool FileObject::take_dirty_run(u64& index, u64 end, bool wait, Run& run) {
  run.count = 0;
  for (;;) {
    PageFrame* busy = nullptr;
    pages_.with([&](Pages& pages) {
      while (run.count < kMostPages) {
        PageFrame* frame = pages.dirty.next(index);
        if (frame == nullptr || index >= end || (run.count != 0 && index != run.first + run.count)) return;
        if ((frame->flags.load(std::memory_order_acquire) & kWriteback) != 0) {
          if (run.count != 0) return;
          if (wait) {
            acquire_frame(frame);
            busy = frame;
            return;
          }
          ++index;
          continue;
        }
        if (run.count == 0) run.first = index;
        pages.dirty.remove(index);
        frame->flags.fetch_or(kWriteback);
        frame->flags.fetch_and(static_cast<u8>(~kDirty));
        dirty_count_.fetch_sub(1, std::memory_order_relaxed);
        g_cache_counts.dirty.fetch_sub(1, std::memory_order_relaxed);
        acquire_frame(frame);
        run.frames[run.count++] = frame;
        ++index;
      }
    });
    if (busy == nullptr) return run.count != 0;
    wait_for_page(busy, kWriteback);
    release_frame(busy);
  }
}

Status FileObject::write_run(Run& run) {
  writeback_count_.fetch_add(1);
  g_cache_counts.writeback.fetch_add(run.count, std::memory_order_relaxed);
  // After Dirty was taken away and before the transfer: a store from now on makes the page dirty again.
  if (!mappers_.empty()) mappers_.write_protect(*this, run.first, run.count);
  Status result = store_ == nullptr ? Err(Errno::EIO) : store_->write_pages(run.first, {run.frames, run.count});
  if (!result) write_errors_.fetch_add(1, std::memory_order_acq_rel);
  g_cache_counts.writeback.fetch_sub(run.count, std::memory_order_relaxed);
  for (usize i = 0; i < run.count; ++i) {
    clear_page_flags(run.frames[i], kWriteback);
    release_frame(run.frames[i]);
  }
  writeback_count_.fetch_sub(1);
  return result;
}

Status FileObject::write_back(u64 first, u64 count, bool wait) {
  const u64 end = count > ~first ? ~u64{0} : first + count;
  Status result;
  Run run;
  for (u64 index = first; take_dirty_run(index, end, wait, run);) {
    if (Status written = write_run(run); !written) result = written;
  }
  if (!wait || writeback_count_.load() == 0) return result;
  // Pages that others are writing.
  for (u64 index = first;;) {
    PageFrame* busy = pages_.with([&](Pages& pages) -> PageFrame* {
      for (;; ++index) {
        PageFrame* frame = pages.tree.next(index);
        if (frame == nullptr || index >= end) return nullptr;
        if ((frame->flags.load(std::memory_order_acquire) & kWriteback) == 0) continue;
        acquire_frame(frame);
        return frame;
      }
    });
    if (busy == nullptr) return result;
    wait_for_page(busy, kWriteback);
    release_frame(busy);
    ++index;
  }
}

}  // namespace mm
