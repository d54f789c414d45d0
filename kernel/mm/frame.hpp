// Page frames: one PageFrame for each 4 KiB of RAM.
//
// A frame is free (on a zone's list, references 0) or in use (references >= 1). Each page-table entry that maps it and
// each object that holds it counts one reference; the last one to go gives it back. An anonymous frame with one
// reference belongs to one program alone and may be written in place: that is all of copy-on-write.
//
// Who may touch what: `references` anybody (atomic); `kind` and what follows only the owner named by kind.
#pragma once

#include <atomic>
#include <span>

#include "hal/layout.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"

namespace mm {

enum class FrameKind : u8 {
  Reserved,  // never given out: firmware, kernel image, holes
  Free,      // head of a free block; owner: the zone
  FreeTail,  // inside a free block, or part of a larger allocation
  Kernel,    // heap, stacks, buffers
  PageTable,
  Slab,       // owner: the object cache
  Anonymous,  // a program's private page
  Cache,      // a page of an object (file or shared memory); owner: the object
};

struct PageFrame : lib::ListNode {
  std::atomic<u32> references = 0;
  FrameKind kind = FrameKind::Reserved;
  u8 order = 0;               // of the free block or allocation that starts here
  u8 node = 0;                // NUMA node
  std::atomic<u8> flags = 0;  // of the owner
  void* owner = nullptr;      // Slab: ObjectCache; Cache: VmObject
  u64 index = 0;              // Slab: first free object; Cache: page number in the object
};
static_assert(sizeof(PageFrame) == 40);

inline PageFrame* frame_table() { return reinterpret_cast<PageFrame*>(hal::arch::kFrameTableBase); }
inline PageFrame* frame_of(PhysAddr address) { return frame_table() + (address.value >> kPageShift); }
// For addresses in the direct map.
inline PageFrame* frame_of(const void* address) { return frame_of(hal::virt_to_phys(address)); }
inline PhysAddr address_of(const PageFrame* frame) { return {static_cast<u64>(frame - frame_table()) << kPageShift}; }
inline void* memory_of(const PageFrame* frame) { return hal::phys_to_virt(address_of(frame)); }

inline constexpr unsigned kMaxOrder = 10;  // 4 MiB

enum class Allocate : u32 {
  Plain = 0,
  Zeroed = 1 << 0,
  Below4G = 1 << 1,  // for devices with 32-bit addresses
};
constexpr bool has(Allocate flags, Allocate wanted) {
  return (static_cast<u32>(flags) & static_cast<u32>(wanted)) != 0;
}
constexpr Allocate operator|(Allocate a, Allocate b) {
  return static_cast<Allocate>(static_cast<u32>(a) | static_cast<u32>(b));
}

// 2^order contiguous frames with one reference on the first; the others stay FreeTail. ENOMEM. Any context.
Result<PageFrame*> allocate_frames(unsigned order, FrameKind kind, Allocate flags = Allocate::Plain);
// One frame of the first of these nodes that has one, in their order. ENOMEM. Any context.
Result<PageFrame*> allocate_frame_from(std::span<const u8> nodes, FrameKind kind, Allocate flags);
inline Result<PageFrame*> allocate_frame(FrameKind kind, Allocate flags = Allocate::Plain) {
  return allocate_frames(0, kind, flags);
}

inline void acquire_frame(PageFrame* frame) { frame->references.fetch_add(1, std::memory_order_relaxed); }
void free_frames(PageFrame* frame);  // internal to the count: references are 0
inline void release_frame(PageFrame* frame) {
  if (frame->references.fetch_sub(1, std::memory_order_release) == 1) {
    static_cast<void>(frame->references.load(std::memory_order_acquire));
    free_frames(frame);
  }
}

// True if the address is RAM that has a PageFrame.
bool is_ram(PhysAddr address);

struct MemoryCounts {
  u64 total = 0;  // frames that the allocator ever had
  u64 free = 0;
};
MemoryCounts count_frames();
// Of one memory node. What a CPU keeps back counts as its own node's, though after a shortage some may be others'.
MemoryCounts count_node_frames(u32 number);

// The frame that is all zero and shared by everybody who only reads. Has a reference that is never given back.
PageFrame* zero_frame();

}  // namespace mm
