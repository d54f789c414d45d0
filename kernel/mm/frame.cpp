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
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/per_cpu.hpp"
#include "kernel/mm/init.hpp"
#include "kernel/mm/node.hpp"
#include "kernel/mm/page_table.hpp"
#include "kernel/mm/reclaim.hpp"

namespace mm {
namespace {

lib::BootMemory g_memory;
PageFrame* g_zero_frame;
u64 g_low_mark;
constexpr u64 kReclaimBatch = 32;

// Single frames that this CPU gave back or took in advance, so that most allocations touch no shared lock.
struct FrameCache {
  static constexpr usize kCapacity = 64;
  static constexpr usize kBatch = 32;
  usize count = 0;
  u32 node = 0;  // whose frames it keeps, while there are any; constant once the CPU runs
  PageFrame* frames[kCapacity];
};
lib::PerCpu<FrameCache> g_caches;

// True where no spinning lock is held: reclaim takes some.
bool may_reclaim() { return hal::current_thread()->preempt_count == 0 && hal::interrupts_enabled(); }

// Wakes whoever makes room, before there is none.
void watch_free_frames() {
  const u64 free = free_in_zones();
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
    cache.count = allocate_many_near(cache.node, cache.frames, FrameCache::kBatch);
    if (cache.count == 0) return nullptr;
  }
  return cache.frames[--cache.count];
}

void give_cached(PageFrame* frame) {
  hal::InterruptGuard interrupts_off;
  FrameCache& cache = g_caches.mine();
  // Another node's frame goes home: kept here, it would be the next that this node's programs get.
  if (frame->node != cache.node) [[unlikely]]
    return zone_of(frame).free(frame, 0);
  if (cache.count == FrameCache::kCapacity) {
    free_many(cache.frames, FrameCache::kBatch);
    std::copy(cache.frames + FrameCache::kBatch, cache.frames + cache.count, cache.frames);
    cache.count -= FrameCache::kBatch;
  }
  frame->kind = FrameKind::FreeTail;
  cache.frames[cache.count++] = frame;
}

PageFrame* take_block(unsigned order, Allocate flags) {
  if (order == 0 && !has(flags, Allocate::Below4G)) return take_cached();
  return allocate_near(g_caches.mine().node, order, has(flags, Allocate::Below4G));
}

PageFrame* take_from(std::span<const u8> nodes) {
  for (const u8 number : nodes) {
    PageFrame* frame = node(number).above.allocate(0);
    if (frame == nullptr) frame = node(number).below.allocate(0);
    if (frame != nullptr) return frame;
  }
  return nullptr;
}

// Prepares what take() finds, at the latest after room was made.
template <class Take>
Result<PageFrame*> allocate_with(Take take, unsigned order, FrameKind kind, Allocate flags) {
  PageFrame* frame = take();
  if (frame == nullptr && may_reclaim()) {
    reclaim(std::max<u64>(kReclaimBatch, u64{1} << order), false);
    frame = take();
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

// Memory for it comes from `near` if there is some.
void map_table_piece(BootTables& tables, VirtAddr address, u64 size, const lib::BootMemory::Range& near) {
  u64 memory = g_memory.allocate(size >> kPageShift, size, near.end, near.base);
  if (memory == 0) memory = g_memory.allocate(size >> kPageShift, size);
  K_ASSERT(memory != 0, "no memory for the frame table");
  std::memset(hal::phys_to_virt({memory}), 0, size);
  const auto flags = hal::PageFlags::Read | hal::PageFlags::Write | hal::PageFlags::Global;
  K_ASSERT(tables.map_range(address, {memory}, size, flags), "no memory to map the frame table");
}

// Maps the part of the frame table that describes `range`. Pieces that an earlier range mapped already are skipped.
void map_frame_table(BootTables& tables, const lib::BootMemory::Range& range, const lib::BootMemory::Range& near) {
  VirtAddr at = align_down(reinterpret_cast<VirtAddr>(frame_of(PhysAddr{range.base})), kPageSize);
  const VirtAddr stop = align_up(reinterpret_cast<VirtAddr>(frame_of(PhysAddr{range.end})), kPageSize);
  while (at < stop) {
    const auto slot = tables.find(at);
    if (hal::arch::Pte::present(*slot.entry)) {
      at += kPageSize;
      continue;
    }
    const u64 large = hal::level_size(1);
    const bool whole = at % large == 0 && stop - at >= large && slot.level >= 1;
    const u64 size = whole ? large : kPageSize;
    map_table_piece(tables, at, size, near);
    at += size;
  }
}

// Calls fn(Range) for the parts of `range` that lie in one node and on one side of 4 GiB.
template <class Fn>
void for_each_zone_part(lib::BootMemory::Range range, Fn fn) {
  while (range.base < range.end) {
    u64 end = std::min(range.end, next_node_boundary(range.base));
    if (range.base < kBoundary32) end = std::min(end, kBoundary32);
    fn(lib::BootMemory::Range{range.base, end});
    range.base = end;
  }
}

Zone& zone_at(u64 address) {
  Node& home = node(node_of_address({address}));
  return address < kBoundary32 ? home.below : home.above;
}

void map_frame_tables() {
  BootTables tables(hal::kernel_root(), BootAccess{});
  for (const auto& range : g_memory.ram()) {
    // Each node's part in its own memory. Where there is one node, anywhere: whole pieces find room more easily.
    if (node_count() == 1) {
      map_frame_table(tables, range, {0, ~u64{0}});
    } else {
      for_each_zone_part(range, [&](const auto& part) { map_frame_table(tables, part, part); });
    }
  }
  hal::tlb_flush_local(hal::arch::kFrameTableBase, hal::arch::kFrameTableBase + kPageSize);
}

void free_boot_memory() {
  for (const auto& range : g_memory.free()) {
    for_each_zone_part(range, [](const auto& part) { zone_at(part.base).add_range({part.base}, {part.end}); });
  }
}

// `numa=off` on the command line makes one node of any machine, as on Linux.
void make_nodes(const hal::BootInfo& boot) {
  const lib::NumaTopology* numa = boot.numa;
  if (numa == nullptr || lib::CommandLine(boot.command_line).value("numa") == "off") return;
  if (numa->flaw() != nullptr) LOG_WARNING("mm", "one memory node, because firmware is wrong: %s", numa->flaw());
  if (numa->dropped() != 0) LOG_WARNING("mm", "%u entries about memory nodes did not fit the table", numa->dropped());
  init_nodes(*numa, g_memory);
}

void log_nodes() {
  for (u32 number = 0; node_count() > 1 && number < node_count(); ++number) {
    const Node& one = node(number);
    LOG_INFO("mm", "node %u: %lu KiB", number, one.total_frames() * kPageSize / KiB);
  }
}

}  // namespace

void init_frames(const hal::BootInfo& boot) {
  g_memory = boot.memory;
  make_nodes(boot);
  map_frame_tables();
  free_boot_memory();
  log_nodes();
  g_caches.of(0).node = nearest_memory(0);
  auto zero = allocate_frame(FrameKind::Kernel, Allocate::Zeroed);
  K_ASSERT(zero.has_value(), "no memory at all");
  g_zero_frame = *zero;
  g_low_mark = low_memory_mark();
}

void init_frame_caches(u32 cpus) {
  K_ASSERT(g_caches.grow(cpus).has_value(), "no memory for frame caches");
  for (u32 cpu = 0; cpu < cpus; ++cpu) g_caches.of(cpu).node = nearest_memory(node_of_cpu(cpu));
}

bool is_ram(PhysAddr address) { return g_memory.ram().contains(address.value); }

void give_back_boot_memory(PhysAddr base, u64 size) {
  const u64 first = align_up(base.value, kPageSize);
  const u64 end = align_down(base.value + size, kPageSize);
  for (u64 at = first; at < end; at += kPageSize) {
    PageFrame* frame = frame_of(PhysAddr{at});
    if (!is_ram({at}) || frame->kind != FrameKind::Reserved) continue;
    zone_at(at).add_range({at}, {at + kPageSize});
  }
}

Result<PageFrame*> allocate_frames(unsigned order, FrameKind kind, Allocate flags) {
  return allocate_with([&] { return take_block(order, flags); }, order, kind, flags);
}

Result<PageFrame*> allocate_frame_from(std::span<const u8> nodes, FrameKind kind, Allocate flags) {
  watch_free_frames();
  return allocate_with([&] { return take_from(nodes); }, 0, kind, flags);
}

void free_frames(PageFrame* frame) {
  DEBUG_ASSERT(frame->references.load() == 0, "a frame is freed with references");
  DEBUG_ASSERT(frame->kind > FrameKind::FreeTail, "a frame is freed twice");
  if (frame->order == 0) {
    give_cached(frame);
  } else {
    zone_of(frame).free(frame, frame->order);
  }
}

MemoryCounts count_frames() {
  MemoryCounts counts;
  for (u32 number = 0; number < node_count(); ++number) counts.total += node(number).total_frames();
  counts.free = free_in_zones();
  for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) counts.free += g_caches.of(cpu).count;
  return counts;
}

MemoryCounts count_node_frames(u32 number) {
  MemoryCounts counts = {node(number).total_frames(), node(number).free_frames()};
  for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) {
    if (g_caches.of(cpu).node == number) counts.free += g_caches.of(cpu).count;
  }
  return counts;
}

PageFrame* zero_frame() { return g_zero_frame; }

}  // namespace mm
