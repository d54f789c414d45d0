// lib::allocate() and lib::deallocate(): size classes on object caches, whole frames above them.

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "hal/mem.h"
#include "kernel/diag/assert.hpp"
#include "kernel/lib/allocate.hpp"
#include "kernel/mm/init.hpp"
#include "kernel/mm/slab.hpp"

namespace mm {
namespace {

// From 64 bytes on each is a multiple of 64, so that an object of such a size is aligned to a cache line.
ObjectCache g_classes[] = {
    {"heap-16", 16},   {"heap-32", 32},   {"heap-48", 48},     {"heap-64", 64},     {"heap-128", 128},
    {"heap-192", 192}, {"heap-256", 256}, {"heap-320", 320},   {"heap-384", 384},   {"heap-512", 512},
    {"heap-640", 640}, {"heap-768", 768}, {"heap-1024", 1024}, {"heap-1344", 1344}, {"heap-2048", 2048},
};
constexpr usize kLargestClass = 2048;

// Index of the class for each size rounded up to 16.
u8 g_class_of[kLargestClass / 16 + 1];

ObjectCache& class_for(usize size) { return g_classes[g_class_of[(size + 15) / 16]]; }

void* allocate_pages(usize size) {
  const u64 pages = pages_for(size);
  const unsigned order = pages <= 1 ? 0 : static_cast<unsigned>(std::bit_width(pages - 1));
  if (order > kMaxOrder) return nullptr;
  const auto frame = allocate_frames(order, FrameKind::Kernel);
  return frame ? memory_of(*frame) : nullptr;
}

}  // namespace

void init_heap() {
  usize current = 0;
  for (usize i = 0; i <= kLargestClass / 16; ++i) {
    while (g_classes[current].object_size() < i * 16) ++current;
    g_class_of[i] = static_cast<u8>(current);
  }
}

void init_heap_caches(u32 cpus) {
  for (ObjectCache& cache : g_classes) {
    K_ASSERT(cache.grow_cpus(cpus).has_value(), "no memory for the heap's magazines");
  }
}

}  // namespace mm

void* lib::allocate(usize size) {
  return size <= mm::kLargestClass ? mm::class_for(size).allocate() : mm::allocate_pages(size);
}

void lib::deallocate(void* memory) {
  if (memory == nullptr) return;
  if (mm::ObjectCache* cache = mm::cache_of(memory)) {
    cache->free(memory);
  } else {
    mm::release_frame(mm::frame_of(memory));
  }
}

void* hal_alloc(size_t size, size_t alignment) {
  // Heap blocks are aligned to 16; more needs a block of pages, whose number is a power of two that aligns itself.
  const usize least = alignment <= 16 ? size : std::max(alignment, kPageSize);
  void* memory = lib::allocate(std::max(size, least));
  if (memory != nullptr) std::memset(memory, 0, size);
  return memory;
}

void hal_free(void* memory) { lib::deallocate(memory); }

// The compiler refers to these from the destructors of classes with virtual functions; nothing calls them, because
// objects are destroyed by lib::destroy().
void operator delete(void* memory) noexcept { lib::deallocate(memory); }
void operator delete(void* memory, usize) noexcept { lib::deallocate(memory); }
