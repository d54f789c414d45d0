#include "kernel/mm/kernel_map.hpp"

#include <cstring>

#include "hal/cpu.h"
#include "hal/layout.hpp"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "hal/tlb.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/lib/allocate.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/mm/init.hpp"
#include "kernel/mm/page_table.hpp"
#include "kernel/sync/locked.hpp"
#include "kernel/sync/preempt.hpp"

namespace mm {
namespace {

using hal::PageFlags;
constexpr PageFlags kData = PageFlags::Read | PageFlags::Write | PageFlags::Global;
constexpr VirtAddr kAreaSize = hal::arch::kVmallocEnd - hal::arch::kVmallocBase;
constexpr VirtAddr kStackBase = hal::arch::kVmallocBase;
constexpr VirtAddr kStackEnd = kStackBase + kAreaSize / 2;
constexpr VirtAddr kRangeEnd = hal::arch::kVmallocEnd;
constexpr usize kSlotSize = 2 * hal::kKernelStackSize;
static_assert(kStackBase % kSlotSize == 0);

struct KernelTables {
  PageTable tables{PhysAddr{}, DirectMapAccess{}};
};
sync::Locked<KernelTables, sync::LockClass::KernelPageTable> g_tables;

// A range of the mapping area that is in use.
struct UsedRange : lib::ListNode {
  VirtAddr start = 0;
  VirtAddr end = 0;  // without the guard page behind it
};
struct Ranges {
  lib::List<UsedRange> used;  // by address
};
sync::Locked<Ranges, sync::LockClass::KernelMap> g_ranges;

// A stack that is not in use keeps this at its lowest address.
struct FreeStack {
  FreeStack* next;
};
constexpr usize kMaxCachedStacks = 16;
struct Stacks {
  FreeStack* cached = nullptr;  // mapped
  usize cached_count = 0;
  VirtAddr next_slot = kStackBase;  // slots from here on were never used
  lib::List<UsedRange> free_slots;  // unmapped
};
sync::Locked<Stacks, sync::LockClass::KernelStacks> g_stacks;

// An area's top-level entries must exist before the first user root copies them.
void make_top_level(PageTable& tables, VirtAddr start, VirtAddr end) {
  const unsigned top = Pte::levels() - 1;
  const VirtAddr first = align_down(start, hal::level_size(top));
  // By distance: with few levels the step after the last one wraps around.
  for (VirtAddr at = first; at - first < end - first; at += hal::level_size(top)) {
    K_ASSERT(tables.make(at, top - 1).entry != nullptr, "no memory for kernel page tables");
  }
}

Status map_frame(VirtAddr address, PageFrame* frame) { return map_pages(address, address_of(frame), kPageSize, kData); }

// Removes the entries of a stack and gives its frames back.
void unmap_stack(VirtAddr bottom) {
  PageFrame* frames[hal::kKernelStackSize / kPageSize];
  usize count = 0;
  for (VirtAddr at = bottom; at < bottom + hal::kKernelStackSize; at += kPageSize) {
    if (const PhysAddr physical = resolve(at); physical.value != 0) frames[count++] = frame_of(physical);
  }
  unmap_pages(bottom, hal::kKernelStackSize);
  while (count != 0) release_frame(frames[--count]);
}

Status map_stack(VirtAddr bottom) {
  for (VirtAddr at = bottom; at < bottom + hal::kKernelStackSize; at += kPageSize) {
    auto frame = allocate_frame(FrameKind::Kernel);
    if (!frame || !map_frame(at, *frame)) {
      if (frame) release_frame(*frame);
      unmap_stack(bottom);
      return Err(Errno::ENOMEM);
    }
  }
  hal::tlb_flush_local(bottom, bottom + hal::kKernelStackSize);
  return {};
}

Result<VirtAddr> take_slot() {
  UsedRange* reused = nullptr;
  VirtAddr slot = 0;
  g_stacks.with([&](Stacks& stacks) {
    if (!stacks.free_slots.empty()) {
      reused = &stacks.free_slots.front();
      stacks.free_slots.pop_front();
      slot = reused->start;
    } else if (stacks.next_slot + kSlotSize <= kStackEnd) {
      slot = stacks.next_slot;
      stacks.next_slot += kSlotSize;
    }
  });
  lib::destroy(reused);
  if (slot == 0) return Err(Errno::ENOMEM);
  return slot;
}

void give_slot(VirtAddr slot) {
  // Without memory for the note the slot is lost: address space is plentiful, and nothing is mapped there.
  UsedRange* note = lib::try_new<UsedRange>();
  if (note == nullptr) return;
  note->start = slot;
  g_stacks.with([&](Stacks& stacks) { stacks.free_slots.push_back(*note); });
}

bool range_is_unmapped(PageTable& tables, VirtAddr address, usize size) {
  for (VirtAddr at = address; at < address + size;) {
    const auto slot = tables.find(at);
    if (Pte::present(*slot.entry)) return false;
    at = align_down(at, hal::level_size(slot.level)) + hal::level_size(slot.level);
  }
  return true;
}

}  // namespace

void init_kernel_map() {
  auto tables = g_tables.lock();
  tables->tables = PageTable(hal::kernel_root(), DirectMapAccess{});
  make_top_level(tables->tables, hal::arch::kVmallocBase, hal::arch::kVmallocEnd);
}

Status map_pages(VirtAddr address, PhysAddr physical, usize size, PageFlags flags) {
  auto tables = g_tables.lock();
  if (!range_is_unmapped(tables->tables, address, size)) return Err(Errno::EEXIST);
  if (!tables->tables.map_range(address, physical, size, flags)) return Err(Errno::ENOMEM);
  return {};
}

void unmap_pages(VirtAddr address, usize size) {
  {
    auto tables = g_tables.lock();
    for (VirtAddr at = address; at < address + size;) {
      const auto slot = tables->tables.find(at);
      if (Pte::present(*slot.entry)) *slot.entry = 0;
      at = align_down(at, hal::level_size(slot.level)) + hal::level_size(slot.level);
    }
  }
  sync::PreemptGuard preemption_off;
  hal::tlb_flush_kernel(address, address + size);
}

PhysAddr resolve(VirtAddr address) {
  auto tables = g_tables.lock();
  const auto slot = tables->tables.find(address);
  if (!Pte::present(*slot.entry)) return {};
  return Pte::address(*slot.entry) + (address & (hal::level_size(slot.level) - 1));
}

Result<VirtAddr> allocate_stack() {
  FreeStack* cached = nullptr;
  g_stacks.with([&](Stacks& stacks) {
    cached = stacks.cached;
    if (cached == nullptr) return;
    stacks.cached = cached->next;
    --stacks.cached_count;
  });
  if (cached != nullptr) return reinterpret_cast<VirtAddr>(cached) + hal::kKernelStackSize;
  // A stack fills the lower half of its slot: the guard is the upper half of the slot below.
  const VirtAddr slot = TRY(take_slot());
  if (auto mapped = map_stack(slot); !mapped) {
    give_slot(slot);
    return Err(mapped.error());
  }
  return slot + hal::kKernelStackSize;
}

void free_stack(VirtAddr top) {
  const VirtAddr bottom = top - hal::kKernelStackSize;
  const bool kept = g_stacks.with([&](Stacks& stacks) {
    if (stacks.cached_count == kMaxCachedStacks) return false;
    FreeStack* stack = reinterpret_cast<FreeStack*>(bottom);
    stack->next = stacks.cached;
    stacks.cached = stack;
    ++stacks.cached_count;
    return true;
  });
  if (kept) return;
  unmap_stack(bottom);
  give_slot(bottom);
}

Result<VirtAddr> reserve_range(usize pages) {
  UsedRange* range = lib::try_new<UsedRange>();
  if (range == nullptr) return Err(Errno::ENOMEM);
  const usize size = (pages + 1) * kPageSize;
  const bool found = g_ranges.with([&](Ranges& ranges) {
    VirtAddr start = kStackEnd;
    auto at = ranges.used.begin();
    for (; at != ranges.used.end() && at->start - start < size; ++at) start = at->end + kPageSize;
    if (kRangeEnd - start < size) return false;
    range->start = start;
    range->end = start + pages * kPageSize;
    ranges.used.insert(at, *range);
    return true;
  });
  if (!found) {
    lib::destroy(range);
    return Err(Errno::ENOMEM);
  }
  return range->start;
}

void release_range(VirtAddr address, usize pages) {
  unmap_pages(address, pages * kPageSize);
  UsedRange* found = nullptr;
  g_ranges.with([&](Ranges& ranges) {
    for (auto at = ranges.used.begin(); at != ranges.used.end(); ++at) {
      if (at->start != address) continue;
      found = &*at;
      ranges.used.erase(at);
      return;
    }
  });
  K_ASSERT(found != nullptr, "a range is released that was never reserved");
  lib::destroy(found);
}

void copy_kernel_half(PhysAddr user_root) {
  if constexpr (hal::arch::kUserRootHasKernelHalf) {
    constexpr usize half = hal::kTableEntries / 2;
    std::memcpy(hal::phys_to<u64>(user_root) + half, hal::phys_to<u64>(hal::kernel_root()) + half, half * sizeof(u64));
  }
}

}  // namespace mm

hal_status_t hal_mmu_map(uintptr_t vaddr, uint64_t paddr, size_t size, uint32_t flags) {
  if (((vaddr | paddr | size) & kPageMask) != 0 || size == 0) return HAL_INVALID;
  if (vaddr < hal::arch::kVmallocBase || vaddr + size > hal::arch::kVmallocEnd) return HAL_INVALID;
  if ((flags & HAL_MMU_WRITE) != 0 && (flags & HAL_MMU_EXEC) != 0) return HAL_INVALID;
  hal::PageFlags page_flags = hal::PageFlags::Read | hal::PageFlags::Global;
  if ((flags & HAL_MMU_WRITE) != 0) page_flags |= hal::PageFlags::Write;
  if ((flags & HAL_MMU_EXEC) != 0) page_flags |= hal::PageFlags::Exec;
  if ((flags & HAL_MMU_DEVICE) != 0) page_flags |= hal::PageFlags::Device;
  if ((flags & HAL_MMU_WRITE_COMBINE) != 0) page_flags |= hal::PageFlags::WriteCombine;
  const Status mapped = mm::map_pages(vaddr, PhysAddr{paddr}, size, page_flags);
  if (!mapped) return mapped.error() == Errno::EEXIST ? HAL_BUSY : HAL_NO_MEMORY;
  hal::tlb_flush_local(vaddr, vaddr + size);
  return HAL_OK;
}

hal_status_t hal_mmu_unmap(uintptr_t vaddr, size_t size) {
  if (((vaddr | size) & kPageMask) != 0) return HAL_INVALID;
  if (vaddr < hal::arch::kVmallocBase || vaddr + size > hal::arch::kVmallocEnd) return HAL_INVALID;
  mm::unmap_pages(vaddr, size);
  return HAL_OK;
}

volatile void* hal_map_physical(uint64_t paddr, size_t size, uint32_t flags) {
  const u64 first = align_down(paddr, kPageSize);
  const usize pages = pages_for(paddr + size - first);
  const auto range = mm::reserve_range(pages);
  if (!range) return nullptr;
  if (hal_mmu_map(*range, first, pages * kPageSize, flags) != HAL_OK) {
    mm::release_range(*range, pages);
    return nullptr;
  }
  return reinterpret_cast<volatile void*>(*range + (paddr - first));
}

void hal_unmap_physical(volatile void* address, size_t size) {
  if (address == nullptr) return;
  const VirtAddr at = reinterpret_cast<VirtAddr>(address);
  const VirtAddr first = align_down(at, kPageSize);
  mm::release_range(first, pages_for(at + size - first));
}
