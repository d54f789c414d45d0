#include "kernel/mm/slab.hpp"

#include <algorithm>
#include <cstring>

#include "hal/cpu.h"
#include "kernel/diag/assert.hpp"

namespace mm {
namespace {

constexpr usize kMinimumObjects = 8;  // a slab should hold at least that many, up to order 3
constexpr unsigned kMaxSlabOrder = 3;

unsigned order_for(usize object_size) {
  unsigned order = 0;
  while (order < kMaxSlabOrder && (kPageSize << order) / object_size < kMinimumObjects) ++order;
  return order;
}

void** link_in(void* object) { return static_cast<void**>(object); }

// The whole object but the link of the free list, which is at its start.
void poison([[maybe_unused]] void* object, [[maybe_unused]] usize size) {
#if HALYARD_DEBUG
  std::memset(static_cast<u8*>(object) + sizeof(void*), ObjectCache::kPoison, size - sizeof(void*));
#endif
}

void check_poison([[maybe_unused]] const char* name, [[maybe_unused]] const void* object, [[maybe_unused]] usize size) {
#if HALYARD_DEBUG
  const u8* bytes = static_cast<const u8*>(object);
  for (usize i = sizeof(void*); i < size; ++i) {
    if (bytes[i] != ObjectCache::kPoison) {
      diag::panic("use after free: object %p of cache %s changed at byte %zu after it was freed", object, name, i);
    }
  }
#endif
}

// The first frame of the block that holds `object`. Only that one has a kind; the others are FreeTail, and the block is
// aligned to its size, so walk down by order. A block of another kind is answered as it is.
PageFrame* slab_of(const void* object) {
  PageFrame* frame = frame_of(object);
  for (unsigned order = 1; frame->kind == FrameKind::FreeTail && order <= kMaxSlabOrder; ++order) {
    const u64 number = static_cast<u64>(frame - frame_table());
    frame = frame_table() + align_down(number, u64{1} << order);
  }
  return frame;
}

}  // namespace

ObjectCache::ObjectCache(const char* name, usize object_size, usize alignment)
    : name_(name),
      object_size_(align_up(std::max(object_size, 2 * sizeof(void*)), alignment)),
      order_(order_for(object_size_)) {}

void* ObjectCache::take_from_slabs(Slabs& slabs) {
  if (slabs.with_room.empty()) return nullptr;
  PageFrame& slab = slabs.with_room.front();
  void* object = reinterpret_cast<void*>(slab.index);
  slab.index = reinterpret_cast<u64>(*link_in(object));
  slab.references.fetch_add(1, std::memory_order_relaxed);
  if (slab.index == 0) slabs.with_room.pop_front();
  ++slabs.taken;
  return object;
}

// Returns the slab if it became empty and should be given back.
PageFrame* ObjectCache::give_to_slab(Slabs& slabs, void* object) {
  PageFrame* slab = slab_of(object);
  DEBUG_ASSERT(slab->kind == FrameKind::Slab && slab->owner == this, "an object is freed to the wrong cache");
  const bool was_full = slab->index == 0;
  *link_in(object) = reinterpret_cast<void*>(slab->index);
  slab->index = reinterpret_cast<u64>(object);
  if (was_full) slabs.with_room.push_front(*slab);
  --slabs.taken;
  if (slab->references.fetch_sub(1, std::memory_order_relaxed) != 2) return nullptr;
  const bool only_one = &slabs.with_room.front() == slab && &slabs.with_room.back() == slab;
  if (only_one) return nullptr;
  slabs.with_room.erase(slabs.with_room.iterator_to(*slab));
  slab_count_.fetch_sub(1, std::memory_order_relaxed);
  return slab;
}

bool ObjectCache::add_slab() {
  const auto frame = allocate_frames(order_, FrameKind::Slab);
  if (!frame) return false;
  PageFrame* slab = *frame;
  u8* memory = static_cast<u8*>(memory_of(slab));
  const usize count = objects_per_slab();
  for (usize i = 0; i < count; ++i) {
    void* object = memory + i * object_size_;
    *link_in(object) = i + 1 < count ? memory + (i + 1) * object_size_ : nullptr;
    poison(object, object_size_);
  }
  slab->owner = this;
  slab->index = reinterpret_cast<u64>(memory);
  slab_count_.fetch_add(1, std::memory_order_relaxed);
  slabs_.with([&](Slabs& slabs) { slabs.with_room.push_back(*slab); });
  return true;
}

void* ObjectCache::allocate() {
  for (;;) {
    {
      hal::InterruptGuard interrupts_off;
      Magazine& magazine = magazines_.mine();
      if (magazine.count == 0) {
        slabs_.with([&](Slabs& slabs) {
          while (magazine.count < kMagazine / 2) {
            void* object = take_from_slabs(slabs);
            if (object == nullptr) break;
            magazine.objects[magazine.count++] = object;
          }
        });
      }
      if (magazine.count != 0) {
        void* object = magazine.objects[--magazine.count];
        check_poison(name_, object, object_size_);
        return object;
      }
    }
    if (!add_slab()) return nullptr;
  }
}

void ObjectCache::flush(Magazine& magazine, usize count) {
  PageFrame* empty[kMagazine];
  usize empty_count = 0;
  slabs_.with([&](Slabs& slabs) {
    for (usize i = 0; i < count; ++i) {
      if (PageFrame* slab = give_to_slab(slabs, magazine.objects[i])) empty[empty_count++] = slab;
    }
  });
  std::copy(magazine.objects + count, magazine.objects + magazine.count, magazine.objects);
  magazine.count -= count;
  for (usize i = 0; i < empty_count; ++i) release_frame(empty[i]);
}

void ObjectCache::free(void* object) {
  poison(object, object_size_);
  hal::InterruptGuard interrupts_off;
  Magazine& magazine = magazines_.mine();
  if (magazine.count == kMagazine) flush(magazine, kMagazine / 2);
  magazine.objects[magazine.count++] = object;
}

void ObjectCache::shrink() {
  hal::InterruptGuard interrupts_off;
  Magazine& magazine = magazines_.mine();
  flush(magazine, magazine.count);
}

u64 ObjectCache::objects_in_use() const {
  return const_cast<ObjectCache*>(this)->slabs_.with([](Slabs& slabs) { return slabs.taken; });
}

ObjectCache* cache_of(const void* object) {
  PageFrame* slab = slab_of(object);
  return slab->kind == FrameKind::Slab ? static_cast<ObjectCache*>(slab->owner) : nullptr;
}

}  // namespace mm
