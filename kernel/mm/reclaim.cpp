#include "kernel/mm/reclaim.hpp"

#include <algorithm>

#include "kernel/mm/file_object.hpp"

namespace mm {
namespace {

struct Cold {
  lib::List<PageFrame> list;  // oldest first
};
sync::Locked<Cold, sync::LockClass::Reclaim> g_cold;
std::atomic<void (*)()> g_listener = nullptr;

// The oldest page that was not used lately, with its object; pages that were go to the end. The object's pages leave
// the list before it is destroyed, so what its pointer names is alive while the lock is held; it may be dying, though.
PageFrame* take_candidate(Cold& cold, lib::Ref<FileObject>& object) {
  constexpr u32 kLook = 32;
  for (u32 looked = 0; looked < kLook && !cold.list.empty(); ++looked) {
    PageFrame& frame = cold.list.front();
    cold.list.pop_front();
    cold.list.push_back(frame);
    const u8 before = frame.flags.fetch_and(static_cast<u8>(~page_flag::kReferenced));
    constexpr u8 kBusy = page_flag::kReferenced | page_flag::kFilling | page_flag::kDirty | page_flag::kWriteback;
    if ((before & kBusy) != 0) continue;
    FileObject* owner = static_cast<FileObject*>(frame.owner);
    if (!owner->try_acquire()) continue;
    object = lib::Ref<FileObject>::adopt(owner);
    return &frame;
  }
  return nullptr;
}

constexpr u64 kTriesPerFrame = 8;

}  // namespace

void reclaim_enter(PageFrame* frame) {
  g_cold.with([&](Cold& cold) {
    cold.list.push_back(*frame);
    frame->flags.fetch_or(page_flag::kInList);
  });
}

void reclaim_leave(PageFrame* frame) {
  g_cold.with([&](Cold& cold) {
    if ((frame->flags.fetch_and(static_cast<u8>(~page_flag::kInList)) & page_flag::kInList) == 0) return;
    cold.list.erase(cold.list.iterator_to(*frame));
  });
}

u64 reclaim(u64 wanted, bool unmap) {
  u64 freed = 0;
  for (u64 tries = 0; freed < wanted && tries < wanted * kTriesPerFrame; ++tries) {
    lib::Ref<FileObject> object;
    PageFrame* frame = g_cold.with([&](Cold& cold) { return take_candidate(cold, object); });
    if (frame != nullptr && object->try_drop(frame, unmap)) ++freed;
  }
  return freed;
}

u64 low_memory_mark() {
  constexpr u64 kLeast = 256;
  return std::max<u64>(count_frames().total / 32, kLeast);
}

void set_low_memory_listener(void (*listener)()) { g_listener.store(listener); }

void memory_is_low() {
  if (auto* listener = g_listener.load(std::memory_order_relaxed)) listener();
}

}  // namespace mm
