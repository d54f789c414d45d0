// Caches of equal objects (slabs), under the heap and for types of which there are many.
//
// A slab is a block of 2^order frames cut into objects. Its first PageFrame holds the head of the free list (`index`,
// an address), the number of objects in use (`references` - 1) and a link into the cache's list of slabs with room.
// Each CPU has a magazine of free objects, so that most operations take no lock. A slab whose objects are all free goes
// back to the zone unless it is the only one with room.
//
// Debug builds fill freed objects with kPoison and check it on allocation: a write after free panics and names the
// cache.
#pragma once

#include "kernel/lib/per_cpu.hpp"
#include "kernel/mm/frame.hpp"
#include "kernel/sync/locked.hpp"

namespace mm {

class ObjectCache : public lib::ListNode {
 public:
  static constexpr u8 kPoison = 0x6b;

  // `alignment` is a power of two. Constant-initialized caches are entered in the list of caches on first use.
  ObjectCache(const char* name, usize object_size, usize alignment = 16);

  void* allocate();         // null when memory is short; any context
  void free(void* object);  // any context

  // Gives this CPU's magazine and empty slabs back. For tests and when memory is short.
  void shrink();
  // Magazines for the other CPUs.
  [[nodiscard]] Status grow_cpus(u32 cpus) { return magazines_.grow(cpus); }

  const char* name() const { return name_; }
  usize object_size() const { return object_size_; }
  u64 slabs() const { return slab_count_.load(std::memory_order_relaxed); }
  u64 objects_in_use() const;

 private:
  static constexpr usize kMagazine = 32;
  struct Magazine {
    usize count = 0;
    void* objects[kMagazine];
  };
  struct Slabs {
    lib::List<PageFrame> with_room;
    u64 taken = 0;  // objects handed out or in magazines
  };

  void* take_from_slabs(Slabs& slabs);
  PageFrame* give_to_slab(Slabs& slabs, void* object);
  bool add_slab();
  void flush(Magazine& magazine, usize count);
  usize objects_per_slab() const { return (kPageSize << order_) / object_size_; }

  const char* name_;
  usize object_size_;
  unsigned order_;
  std::atomic<u64> slab_count_ = 0;
  sync::Locked<Slabs, sync::LockClass::Slab> slabs_;
  lib::PerCpu<Magazine> magazines_;
};

// The cache that `object` came from, if it is the first byte of a slab's memory or inside one; else null.
ObjectCache* cache_of(const void* object);

}  // namespace mm
