#include "kernel/mm/frame.hpp"

#include <algorithm>
#include <cstring>

#include "hal/boot_info.hpp"
#include "hal/cpu.h"
#include "hal/page_table.hpp"
#include "hal/pte.hpp"
#include "hal/tlb.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/per_cpu.hpp"
#include "kernel/mm/init.hpp"
#include "kernel/mm/page_table.hpp"
#include "kernel/mm/reclaim.hpp"
#include "kernel/mm/zone.hpp"

namespace mm {
namespace {

constexpr u64 kBoundary32 = 4 * GiB;

// Per node: RAM below 4 GiB and above. One node until the topology says otherwise.
struct Node {
  Zone below;
  Zone above;
};
Node g_node;
lib::BootMemory g_memory;
PageFrame* g_zero_frame;
u64 g_low_mark;
constexpr u64 kReclaimBatch = 32;

// Single frames that this CPU gave back or took in advance, so that most allocations touch no shared lock.
struct FrameCache {
  static constexpr usize kCapacity = 64;
  static constexpr usize kBatch = 32;
  usize count = 0;
  PageFrame* frames[kCapacity];
};
lib::PerCpu<FrameCache> g_caches;

Zone& zone_of(PhysAddr address) { return address.value < kBoundary32 ? g_node.below : g_node.above; }

// True where no spinning lock is held: reclaim takes some.
bool may_reclaim() { return hal::current_thread()->preempt_count == 0 && hal::interrupts_enabled(); }

// Wakes whoever makes room, before there is none.
void watch_free_frames() {
  const u64 free = g_node.below.free_frames() + g_node.above.free_frames();
  if (free >= g_low_mark || !may_reclaim()) return;
  memory_is_low();
  // The last frames are for those who cannot wait: allocations under spinning locks, in interrupts.
  if (free < g_low_mark / 4) reclaim(2 * kReclaimBatch, false);
}

PageFrame* take_cached() {
  if (g_caches.mine().count == 0) [[unlikely]]
    watch_free_frames();
  hal::InterruptGuard interrupts_off;
  FrameCache& cache = g_caches.mine();
  if (cache.count == 0) {
    cache.count = g_node.above.allocate_many(cache.frames, FrameCache::kBatch);
    if (cache.count == 0) cache.count = g_node.below.allocate_many(cache.frames, FrameCache::kBatch);
    if (cache.count == 0) return nullptr;
  }
  return cache.frames[--cache.count];
}

void give_cached(PageFrame* frame) {
  hal::InterruptGuard interrupts_off;
  FrameCache& cache = g_caches.mine();
  if (cache.count == FrameCache::kCapacity) {
    // Frames of one cache may be from both zones: sort them out in runs.
    PageFrame** first = cache.frames;
    PageFrame** end = first + FrameCache::kBatch;
    PageFrame** split = std::partition(first, end, [](PageFrame* f) { return address_of(f).value < kBoundary32; });
    if (split != first) g_node.below.free_many(first, static_cast<usize>(split - first));
    if (split != end) g_node.above.free_many(split, static_cast<usize>(end - split));
    std::copy(end, cache.frames + cache.count, first);
    cache.count -= FrameCache::kBatch;
  }
  frame->kind = FrameKind::FreeTail;
  cache.frames[cache.count++] = frame;
}

PageFrame* take_block(unsigned order, Allocate flags) {
  if (order == 0 && !has(flags, Allocate::Below4G)) return take_cached();
  PageFrame* frame = has(flags, Allocate::Below4G) ? nullptr : g_node.above.allocate(order);
  return frame != nullptr ? frame : g_node.below.allocate(order);
}

// How boot code reaches page tables: memory comes from the boot allocator.
struct BootAccess {
  u64* table(PhysAddr address) const { return hal::phys_to<u64>(address); }
  PhysAddr allocate() const {
    const PhysAddr page{g_memory.allocate(1)};
    if (page.value != 0) std::memset(hal::phys_to_virt(page), 0, kPageSize);
    return page;
  }
};
using BootTables = hal::PageTableWalker<hal::arch::Pte, BootAccess>;

void map_table_piece(BootTables& tables, VirtAddr address, u64 size, u64 alignment) {
  const u64 memory = g_memory.allocate(size >> kPageShift, alignment);
  K_ASSERT(memory != 0, "no memory for the frame table");
  std::memset(hal::phys_to_virt({memory}), 0, size);
  const auto flags = hal::PageFlags::Read | hal::PageFlags::Write | hal::PageFlags::Global;
  K_ASSERT(tables.map_range(address, {memory}, size, flags), "no memory to map the frame table");
}

// Maps the part of the frame table that describes [base, end). Pieces that an earlier range mapped already are skipped.
void map_frame_table(BootTables& tables, u64 base, u64 end) {
  VirtAddr at = align_down(reinterpret_cast<VirtAddr>(frame_of(PhysAddr{base})), kPageSize);
  const VirtAddr stop = align_up(reinterpret_cast<VirtAddr>(frame_of(PhysAddr{end})), kPageSize);
  while (at < stop) {
    const auto slot = tables.find(at);
    if (hal::arch::Pte::present(*slot.entry)) {
      at += kPageSize;
      continue;
    }
    const u64 large = hal::level_size(1);
    const bool whole = at % large == 0 && stop - at >= large && slot.level >= 1;
    const u64 size = whole ? large : kPageSize;
    map_table_piece(tables, at, size, size);
    at += size;
  }
}

void free_boot_memory() {
  for (const auto& range : g_memory.free()) {
    const u64 split = std::clamp(kBoundary32, range.base, range.end);
    if (range.base < split) g_node.below.add_range({range.base}, {split});
    if (split < range.end) g_node.above.add_range({split}, {range.end});
  }
}

}  // namespace

void init_frames(const hal::BootInfo& boot) {
  g_memory = boot.memory;
  BootTables tables(hal::kernel_root(), BootAccess{});
  for (const auto& range : g_memory.ram()) map_frame_table(tables, range.base, range.end);
  hal::tlb_flush_local(hal::arch::kFrameTableBase, hal::arch::kFrameTableBase + kPageSize);
  free_boot_memory();
  auto zero = allocate_frame(FrameKind::Kernel, Allocate::Zeroed);
  K_ASSERT(zero.has_value(), "no memory at all");
  g_zero_frame = *zero;
  g_low_mark = low_memory_mark();
}

void init_frame_caches(u32 cpus) { K_ASSERT(g_caches.grow(cpus).has_value(), "no memory for frame caches"); }

bool is_ram(PhysAddr address) { return g_memory.ram().contains(address.value); }

void give_back_boot_memory(PhysAddr base, u64 size) {
  const u64 first = align_up(base.value, kPageSize);
  const u64 end = align_down(base.value + size, kPageSize);
  for (u64 at = first; at < end; at += kPageSize) {
    PageFrame* frame = frame_of(PhysAddr{at});
    if (!is_ram({at}) || frame->kind != FrameKind::Reserved) continue;
    zone_of({at}).add_range({at}, {at + kPageSize});
  }
}

Result<PageFrame*> allocate_frames(unsigned order, FrameKind kind, Allocate flags) {
  PageFrame* frame = take_block(order, flags);
  if (frame == nullptr && may_reclaim()) {
    reclaim(std::max<u64>(kReclaimBatch, u64{1} << order), false);
    frame = take_block(order, flags);
  }
  if (frame == nullptr) [[unlikely]]
    return Err(Errno::ENOMEM);
  frame->kind = kind;
  frame->order = static_cast<u8>(order);
  frame->owner = nullptr;
  frame->index = 0;
  frame->flags.store(0, std::memory_order_relaxed);
  frame->references.store(1, std::memory_order_relaxed);
  if (has(flags, Allocate::Zeroed)) std::memset(memory_of(frame), 0, kPageSize << order);
  return frame;
}

void free_frames(PageFrame* frame) {
  DEBUG_ASSERT(frame->references.load() == 0, "a frame is freed with references");
  DEBUG_ASSERT(frame->kind > FrameKind::FreeTail, "a frame is freed twice");
  if (frame->order == 0) {
    give_cached(frame);
  } else {
    zone_of(address_of(frame)).free(frame, frame->order);
  }
}

MemoryCounts count_frames() {
  MemoryCounts counts;
  counts.total = g_node.below.total_frames() + g_node.above.total_frames();
  counts.free = g_node.below.free_frames() + g_node.above.free_frames();
  for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) counts.free += g_caches.of(cpu).count;
  return counts;
}

PageFrame* zero_frame() { return g_zero_frame; }

}  // namespace mm
