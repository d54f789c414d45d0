// Page faults: the entry that an access needs, made on demand.

#include <algorithm>
#include <cstring>

#include "hal/tlb.hpp"
#include "kernel/mm/address_space.hpp"
#include "kernel/mm/policy.hpp"
#include "kernel/sync/preempt.hpp"

namespace mm {
namespace {

using hal::PageFlags;

// A fault on an object's page maps its neighbours too, as far as they are in memory: 64 KiB, aligned, as Linux does.
constexpr u64 kAroundPages = 16;
// The stack grows when an access is not further below it than this; Linux gave up the check, we keep it generous.
constexpr u64 kStackGuardGap = 1 * MiB;

constexpr PageFlags kWritable = PageFlags::Write | PageFlags::Dirty;

bool permits(const Mapping& mapping, Access access) {
  if (access.write) return has(mapping.protection, Protection::Write);
  if (access.execute) return has(mapping.protection, Protection::Exec);
  // Write implies read, as on all three architectures.
  return mapping.protection != Protection::None;
}

FaultResult result_of(Errno error) {
  return error == Errno::ENOMEM ? FaultResult::out_of_memory() : FaultResult::no_page();
}

}  // namespace

PageFlags read_flags(const Mapping& mapping) {
  PageFlags flags = PageFlags::User;
  if (mapping.protection == Protection::None) return PageFlags::None;
  flags |= PageFlags::Read;
  if (has(mapping.protection, Protection::Exec)) flags |= PageFlags::Exec;
  return flags;
}

FaultResult AddressSpace::fault(VirtAddr address, Access access, u64 stack_limit) {
  return state_.with([&](State& state) { return fault_locked(state, address, access, stack_limit); });
}

FaultResult AddressSpace::fault_locked(State& state, VirtAddr address, Access access, u64 stack_limit) {
  Mapping* mapping = find(state, address);
  if (mapping == nullptr) mapping = grow_stack(state, address, stack_limit);
  if (mapping == nullptr) return FaultResult::unmapped();
  if (!permits(*mapping, access)) return FaultResult::forbidden();
  const VirtAddr page = align_down(address, kPageSize);
  const MappingPolicyScope policy(*mapping, page);
  if (!mapping->object) return fault_anonymous(state, *mapping, page, access.write);
  PhysAddr device;
  PageFlags flags;
  if (mapping->object->device_page(mapping->page_at(page), &device, &flags)) {
    return map_device(*mapping, page, device, flags);
  }
  if (mapping->page_at(page) >= mapping->object->page_limit()) return FaultResult::no_page();
  return mapping->flags.shared ? fault_shared_object(state, *mapping, page, access.write)
                               : fault_private_object(state, *mapping, page, access.write);
}

Mapping* AddressSpace::grow_stack(State& state, VirtAddr address, u64 stack_limit) {
  auto above = state.mappings.upper_bound(address);
  if (above == state.mappings.end() || !above->flags.grows_down) return nullptr;
  const VirtAddr start = align_down(address, kPageSize);
  if (above->end - start > stack_limit) return nullptr;
  if (above != state.mappings.begin()) {
    auto below = above;
    --below;
    if (below->end + kStackGuardGap > start && below->protection != Protection::None) return nullptr;
  }
  above->start = start;
  return &*above;
}

void AddressSpace::flush(VirtAddr page) {
  sync::PreemptGuard preemption_off;
  hal::tlb_flush_user(root_, page, page + kPageSize);
}

FaultResult AddressSpace::fault_anonymous(State& state, const Mapping& mapping, VirtAddr page, bool write) {
  PageTable tables = this->tables();
  u64* entry = tables.make(page, 0).entry;
  if (entry == nullptr) return FaultResult::out_of_memory();
  if (Pte::present(*entry)) {
    if (write) return copy_on_write(state, mapping, entry, page);
    hal::tlb_flush_local(page, page + kPageSize);  // another thread was faster
    return FaultResult::resolved();
  }
  if (!write) {
    acquire_frame(zero_frame());
    *entry = Pte::make_leaf(address_of(zero_frame()), 0, read_flags(mapping) | PageFlags::Cow);
  } else {
    const auto frame = allocate_user_frame(FrameKind::Anonymous, Allocate::Zeroed);
    if (!frame) return FaultResult::out_of_memory();
    *entry = Pte::make_leaf(address_of(*frame), 0, read_flags(mapping) | kWritable);
  }
  ++state.anonymous_pages;
  hal::tlb_flush_local(page, page + kPageSize);
  return FaultResult::resolved();
}

FaultResult AddressSpace::copy_on_write(State& state, const Mapping& mapping, u64* entry, VirtAddr page) {
  if (hal::has(Pte::flags(*entry), PageFlags::Write)) {
    hal::tlb_flush_local(page, page + kPageSize);
    return FaultResult::resolved();
  }
  PageFrame* old = frame_of(Pte::address(*entry));
  if (old->kind == FrameKind::Anonymous && old->references.load(std::memory_order_acquire) == 1) {
    *entry = Pte::make_leaf(address_of(old), 0, read_flags(mapping) | kWritable);
    flush(page);
    return FaultResult::resolved();
  }
  const bool from_zero = old == zero_frame();
  const auto fresh = allocate_user_frame(FrameKind::Anonymous, from_zero ? Allocate::Zeroed : Allocate::Plain);
  if (!fresh) return FaultResult::out_of_memory();
  if (!from_zero) std::memcpy(memory_of(*fresh), memory_of(old), kPageSize);
  if (!from_zero && old->kind != FrameKind::Anonymous) {
    --state.object_pages;
    ++state.anonymous_pages;
  }
  *entry = Pte::make_leaf(address_of(*fresh), 0, read_flags(mapping) | kWritable);
  flush(page);
  release_frame(old);
  return FaultResult::resolved();
}

FaultResult AddressSpace::fault_private_object(State& state, const Mapping& mapping, VirtAddr page, bool write) {
  u64* entry = tables().make(page, 0).entry;
  if (entry == nullptr) return FaultResult::out_of_memory();
  if (Pte::present(*entry)) {
    if (write) return copy_on_write(state, mapping, entry, page);
    hal::tlb_flush_local(page, page + kPageSize);
    return FaultResult::resolved();
  }
  const auto cached = mapping.object->page(mapping.page_at(page));
  if (!cached) return result_of(cached.error());
  if (!write) {
    *entry = Pte::make_leaf(address_of(*cached), 0, read_flags(mapping) | PageFlags::Cow);
    ++state.object_pages;
    map_around(state, mapping, page);
  } else {
    const auto fresh = allocate_user_frame(FrameKind::Anonymous);
    if (fresh) {
      std::memcpy(memory_of(*fresh), memory_of(*cached), kPageSize);
      *entry = Pte::make_leaf(address_of(*fresh), 0, read_flags(mapping) | kWritable);
      ++state.anonymous_pages;
    }
    release_frame(*cached);
    if (!fresh) return FaultResult::out_of_memory();
  }
  hal::tlb_flush_local(page, page + kPageSize);
  return FaultResult::resolved();
}

FaultResult AddressSpace::fault_shared_object(State& state, const Mapping& mapping, VirtAddr page, bool write) {
  u64* entry = tables().make(page, 0).entry;
  if (entry == nullptr) return FaultResult::out_of_memory();
  const u64 index = mapping.page_at(page);
  if (!write && Pte::present(*entry)) {
    hal::tlb_flush_local(page, page + kPageSize);
    return FaultResult::resolved();
  }
  const auto frame = write ? mapping.object->page_for_write(index) : mapping.object->page(index);
  if (!frame) return result_of(frame.error());
  const PageFlags flags = read_flags(mapping) | (write ? kWritable : PageFlags::Cow);
  if (Pte::present(*entry)) {
    // Mapped read-only until now, so that the first write is noticed; the entry has its reference already.
    release_frame(*frame);
    *entry = Pte::make_leaf(Pte::address(*entry), 0, flags);
    flush(page);
    return FaultResult::resolved();
  }
  *entry = Pte::make_leaf(address_of(*frame), 0, flags);
  ++state.object_pages;
  if (!write) map_around(state, mapping, page);
  hal::tlb_flush_local(page, page + kPageSize);
  return FaultResult::resolved();
}

// The pages around `page` share its last-level table, because the window is aligned.
void AddressSpace::map_around(State& state, const Mapping& mapping, VirtAddr page) {
  const VirtAddr window = align_down(page, kAroundPages * kPageSize);
  const VirtAddr start = std::max(window, mapping.start);
  const u64 limit = mapping.object->page_limit();
  const VirtAddr end = std::min(window + kAroundPages * kPageSize, mapping.end);
  u64* entry = tables().make(start, 0).entry;
  for (VirtAddr at = start; at < end; at += kPageSize, ++entry) {
    if (Pte::present(*entry) || mapping.page_at(at) >= limit) continue;
    PageFrame* frame = mapping.object->cached_page(mapping.page_at(at));
    if (frame == nullptr) continue;
    *entry = Pte::make_leaf(address_of(frame), 0, read_flags(mapping) | PageFlags::Cow);
    ++state.object_pages;
  }
}

FaultResult AddressSpace::map_device(const Mapping& mapping, VirtAddr page, PhysAddr address, PageFlags flags) {
  u64* entry = tables().make(page, 0).entry;
  if (entry == nullptr) return FaultResult::out_of_memory();
  if (has(mapping.protection, Protection::Write)) flags |= kWritable;
  *entry = Pte::make_leaf(address, 0, read_flags(mapping) | flags);
  hal::tlb_flush_local(page, page + kPageSize);
  return FaultResult::resolved();
}

Status AddressSpace::write_initial(VirtAddr address, const void* data, u64 size) {
  auto state = state_.lock();
  const u8* from = static_cast<const u8*>(data);
  while (size != 0) {
    const FaultResult made = fault_locked(*state, address, {true, false}, ~u64{0});
    if (made.signal != 0) return Err(made.signal == 9 ? Errno::ENOMEM : Errno::EFAULT);
    const usize offset = address & kPageMask;
    const usize piece = std::min<u64>(kPageSize - offset, size);
    u8* to = static_cast<u8*>(hal::phys_to_virt(Pte::address(*tables().find(address).entry))) + offset;
    if (from == nullptr) {
      std::memset(to, 0, piece);
    } else {
      std::memcpy(to, from, piece);
      from += piece;
    }
    address += piece;
    size -= piece;
  }
  return {};
}

Status AddressSpace::read_foreign(VirtAddr address, void* data, u64 size) {
  auto state = state_.lock();
  u8* to = static_cast<u8*>(data);
  while (size != 0) {
    if (fault_locked(*state, address, {}, 0).signal != 0) return Err(Errno::EFAULT);
    const usize offset = address & kPageMask;
    const usize piece = std::min<u64>(kPageSize - offset, size);
    std::memcpy(to, static_cast<u8*>(hal::phys_to_virt(Pte::address(*tables().find(address).entry))) + offset, piece);
    to += piece;
    address += piece;
    size -= piece;
  }
  return {};
}

void AddressSpace::populate(VirtAddr start, u64 size) {
  auto state = state_.lock();
  for (VirtAddr at = start; at < start + size; at += kPageSize) {
    Mapping* mapping = find(*state, at);
    if (mapping == nullptr) return;
    const bool write = has(mapping->protection, Protection::Write) && !mapping->flags.shared;
    if (fault_locked(*state, at, {write, false}, 0).signal != 0) return;
  }
}

}  // namespace mm
