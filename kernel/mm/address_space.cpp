#include "kernel/mm/address_space.hpp"

#include <algorithm>
#include <cstring>

#include "hal/layout.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/mm/kernel_map.hpp"

namespace mm {
namespace {

// Room between the top of the user half and where mmap starts: for the stack, whose place is chosen by the loader.
constexpr u64 kMapTopGap = 16 * MiB;

Result<Mapping*> new_mapping() {
  Mapping* mapping = lib::try_new<Mapping>();
  if (mapping == nullptr) return Err(Errno::ENOMEM);
  return mapping;
}

bool same_kind(const MappingContent& a, const MappingContent& b) {
  return !a.object && !b.object && a.protection == b.protection && a.label == b.label && !a.name && !b.name &&
         !a.flags.grows_down && !b.flags.grows_down && a.flags.shared == b.flags.shared &&
         a.flags.dont_fork == b.flags.dont_fork && a.flags.wipe_on_fork == b.flags.wipe_on_fork && a.policy == b.policy;
}

}  // namespace

AddressSpace::AddressSpace(PhysAddr root) : root_(root) {
  state_.unshared().map_top = align_down(hal::placement_end(), kPageSize) - kMapTopGap;
}

AddressSpace::~AddressSpace() { free_user_tables(root_.table(), true); }

Result<lib::Ref<AddressSpace>> AddressSpace::create() {
  PageFrame* root = TRY(allocate_frame(FrameKind::PageTable, Allocate::Zeroed));
  copy_kernel_half(address_of(root));
  auto space = lib::make_ref<AddressSpace>(address_of(root));
  if (!space) release_frame(root);
  return space;
}

void AddressSpace::destroy_last(AddressSpace* self) { lib::destroy(self); }

void AddressSpace::remove_user() {
  if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) take_down();
}

void AddressSpace::take_down() {
  auto state = state_.lock();
  while (!state->mappings.empty()) {
    Mapping& mapping = *state->mappings.begin();
    clear_entries(*state, mapping, mapping.start, mapping.end);
    erase(*state, mapping);
  }
  // A CPU may still have the root loaded, so that stays; what is below it nobody can reach any more.
  free_user_tables(root_.table(), false);
}

Mapping* AddressSpace::find(State& state, VirtAddr address) {
  auto above = state.mappings.upper_bound(address);
  if (above == state.mappings.begin()) return nullptr;
  Mapping& candidate = *--above;
  return address < candidate.end ? &candidate : nullptr;
}

bool AddressSpace::is_free(State& state, VirtAddr start, VirtAddr end) {
  auto above = state.mappings.lower_bound(start);
  if (above != state.mappings.end() && above->start < end) return false;
  if (above == state.mappings.begin()) return true;
  const Mapping& below = *--above;
  return below.end <= start;
}

Result<VirtAddr> AddressSpace::find_gap(State& state, u64 size, VirtAddr hint) {
  // Above where things are placed a program goes by a hint there, on which it also gets another place there; one below
  // never brings it across (Linux, Documentation/arch/x86/x86_64/5level-paging.rst).
  const bool wants_high = hint > hal::placement_end();
  const bool crosses = !wants_high && hint + size > hal::placement_end();
  if (hint >= hal::arch::kUserMinimum && !crosses && hal::is_user_range(hint, size) &&
      is_free(state, hint, hint + size)) {
    return hint;
  }
  VirtAddr top = wants_high ? state.map_top + (hal::arch::user_end() - hal::placement_end()) : state.map_top;
  for (auto at = state.mappings.end(); at != state.mappings.begin();) {
    --at;
    if (at->start >= top) continue;
    if (at->end <= top && top - at->end >= size) return top - size;
    top = std::min(top, at->start);
  }
  if (top >= hal::arch::kUserMinimum && top - hal::arch::kUserMinimum >= size) return top - size;
  return Err(Errno::ENOMEM);
}

void AddressSpace::erase(State& state, Mapping& mapping) {
  state.mappings.erase(state.mappings.iterator_to(mapping));
  if (mapping.object) mapping.object->mapping_removed(*this);
  lib::destroy(&mapping);
}

// Makes `address` a boundary between mappings, if it lies inside one.
Status AddressSpace::split_at(State& state, VirtAddr address) {
  Mapping* mapping = find(state, address);
  if (mapping == nullptr || mapping->start == address) return {};
  Mapping* upper = TRY(new_mapping());
  upper->start = address;
  upper->end = mapping->end;
  upper->content() = mapping->content();
  upper->object_page = mapping->page_at(address);
  mapping->end = address;
  // Only the lowest part of a stack grows.
  upper->flags.grows_down = false;
  state.mappings.insert(*upper);
  if (upper->object) upper->object->mapping_added(*this);
  return {};
}

void AddressSpace::clear_entries(State& state, const Mapping& mapping, VirtAddr start, VirtAddr end) {
  FrameGather gather(root_);
  for_each_entry(root_.table(), Pte::levels() - 1, start, end, [&](u64& entry, VirtAddr address) {
    const PhysAddr physical = Pte::address(entry);
    entry = 0;
    hal::PageFlags flags;
    PhysAddr device;
    if (mapping.object && mapping.object->device_page(mapping.page_at(address), &device, &flags)) {
      gather.touch(address);
      return;
    }
    PageFrame* frame = frame_of(physical);
    --(frame->kind == FrameKind::Anonymous || frame == zero_frame() ? state.anonymous_pages : state.object_pages);
    gather.add(frame, address);
  });
}

Status AddressSpace::remove_range(State& state, VirtAddr start, VirtAddr end) {
  TRY(split_at(state, start));
  TRY(split_at(state, end));
  auto at = state.mappings.lower_bound(start);
  while (at != state.mappings.end() && at->start < end) {
    Mapping& mapping = *at++;
    clear_entries(state, mapping, mapping.start, mapping.end);
    erase(state, mapping);
  }
  return {};
}

// Grows a neighbour instead of making another mapping; keeps the tree small for programs that map in steps.
bool AddressSpace::try_merge(State& state, const MapRequest& request, VirtAddr at) {
  Mapping* below = at == 0 ? nullptr : find(state, at - 1);
  if (below == nullptr || below->end != at || !same_kind(*below, request)) return false;
  below->end += request.size;
  return true;
}

Result<VirtAddr> AddressSpace::map_locked(State& state, MapRequest& request) {
  VirtAddr at = request.address;
  if (request.fixed) {
    if (request.no_replace && !is_free(state, at, at + request.size)) return Err(Errno::EEXIST);
    TRY(remove_range(state, at, at + request.size));
  } else {
    at = TRY(find_gap(state, request.size, request.address));
  }
  if (try_merge(state, request, at)) return at;
  Mapping* mapping = TRY(new_mapping());
  mapping->start = at;
  mapping->end = at + request.size;
  mapping->content() = std::move(static_cast<MappingContent&>(request));
  state.mappings.insert(*mapping);
  if (mapping->object) mapping->object->mapping_added(*this);
  return at;
}

Result<VirtAddr> AddressSpace::map(MapRequest request) {
  return state_.with([&](State& state) { return map_locked(state, request); });
}

Status AddressSpace::unmap(VirtAddr start, u64 size) {
  return state_.with([&](State& state) { return remove_range(state, start, start + size); });
}

Status AddressSpace::protect(VirtAddr start, u64 size, Protection protection) {
  auto state = state_.lock();
  const VirtAddr end = start + size;
  for (VirtAddr at = start; at < end;) {
    const Mapping* mapping = find(*state, at);
    if (mapping == nullptr) return Err(Errno::ENOMEM);
    if (has(protection, Protection::Write) && !mapping->flags.may_write) return Err(Errno::EACCES);
    at = mapping->end;
  }
  TRY(split_at(*state, start));
  TRY(split_at(*state, end));
  FrameGather gather(root_);
  for (auto at = state->mappings.lower_bound(start); at != state->mappings.end() && at->start < end; ++at) {
    if (at->protection == protection) continue;
    at->protection = protection;
    const hal::PageFlags flags = read_flags(*at);
    const bool may_write = has(protection, Protection::Write);
    for_each_entry(root_.table(), Pte::levels() - 1, at->start, at->end, [&](u64& entry, VirtAddr address) {
      // A page that was writable in place stays so; the others get write from a fault, which knows about copies.
      const bool keeps_write = may_write && hal::has(Pte::flags(entry), hal::PageFlags::Write);
      const auto write = keeps_write ? hal::PageFlags::Write | hal::PageFlags::Dirty : hal::PageFlags::Cow;
      entry = Pte::make_leaf(Pte::address(entry), 0, flags | write);
      gather.touch(address);
    });
  }
  return {};
}

Status AddressSpace::discard(VirtAddr start, u64 size) {
  auto state = state_.lock();
  bool hole = false;
  const VirtAddr end = start + size;
  for (VirtAddr at = start; at < end;) {
    Mapping* mapping = find(*state, at);
    if (mapping == nullptr) {
      hole = true;
      auto above = state->mappings.lower_bound(at);
      at = above == state->mappings.end() ? end : above->start;
      continue;
    }
    const VirtAddr stop = std::min(end, mapping->end);
    clear_entries(*state, *mapping, at, stop);
    at = stop;
  }
  if (hole) return Err(Errno::ENOMEM);
  return {};
}

VirtAddr AddressSpace::set_break(VirtAddr wanted, u64 data_limit) {
  auto state = state_.lock();
  ProgramLayout& layout = state->layout;
  const VirtAddr old_end = align_up(layout.break_end, kPageSize);
  if (wanted < layout.break_start || !hal::is_user_range(layout.break_start, wanted - layout.break_start)) {
    return layout.break_end;
  }
  if (wanted - layout.break_start > data_limit) return layout.break_end;
  const VirtAddr new_end = align_up(wanted, kPageSize);
  if (new_end < old_end) {
    if (!remove_range(*state, new_end, old_end)) return layout.break_end;
  } else if (new_end > old_end) {
    // One unmapped page stays between the heap and what is above it.
    if (!is_free(*state, old_end, new_end + kPageSize)) return layout.break_end;
    MapRequest request;
    request.address = old_end;
    request.size = new_end - old_end;
    request.protection = Protection::Read | Protection::Write;
    request.label = "[heap]";
    request.fixed = true;
    if (!map_locked(*state, request)) return layout.break_end;
  }
  layout.break_end = wanted;
  return wanted;
}

Status AddressSpace::residency(VirtAddr start, u64 size, u8* out) {
  auto state = state_.lock();
  std::memset(out, 0, size >> kPageShift);
  for (VirtAddr at = start; at < start + size; at += kPageSize) {
    Mapping* mapping = find(*state, at);
    if (mapping == nullptr) return Err(Errno::ENOMEM);
    const auto slot = tables().find(at);
    bool resident = Pte::present(*slot.entry);
    if (!resident && mapping->object) {
      PageFrame* frame = mapping->object->cached_page(mapping->page_at(at));
      resident = frame != nullptr;
      if (frame != nullptr) release_frame(frame);
    }
    out[(at - start) >> kPageShift] = resident ? 1 : 0;
  }
  return {};
}

Result<lib::Ref<VmObject>> AddressSpace::object_at(VirtAddr address, u64* page) {
  auto state = state_.lock();
  Mapping* mapping = find(*state, address);
  if (mapping == nullptr) return Err(Errno::EFAULT);
  if (!mapping->flags.shared) return lib::Ref<VmObject>();
  *page = mapping->page_at(address);
  return mapping->object;
}

template <class Visit>
void AddressSpace::for_each_view(State& state, VmObject& object, u64 first, u64 count, Visit&& visit) {
  for (Mapping& mapping : state.mappings) {
    if (mapping.object.get() != &object) continue;
    const u64 low = std::max(first, mapping.object_page);
    const u64 high = std::min(count > ~first ? ~u64{0} : first + count, mapping.object_page + mapping.pages());
    if (low >= high) continue;
    visit(mapping.start + ((low - mapping.object_page) << kPageShift),
          mapping.start + ((high - mapping.object_page) << kPageShift), mapping);
  }
}

void AddressSpace::unmap_object(VmObject& object, u64 first, u64 count, bool keep_private) {
  auto state = state_.lock();
  FrameGather gather(root_);
  for_each_view(*state, object, first, count, [&](VirtAddr start, VirtAddr end, const Mapping&) {
    for_each_entry(root_.table(), Pte::levels() - 1, start, end, [&](u64& entry, VirtAddr address) {
      PageFrame* frame = frame_of(Pte::address(entry));
      if (keep_private && frame->kind == FrameKind::Anonymous) return;
      --(frame->kind == FrameKind::Anonymous ? state->anonymous_pages : state->object_pages);
      entry = 0;
      gather.add(frame, address);
    });
  });
}

void AddressSpace::write_protect_object(VmObject& object, u64 first, u64 count) {
  auto state = state_.lock();
  FrameGather gather(root_);
  for_each_view(*state, object, first, count, [&](VirtAddr start, VirtAddr end, const Mapping& mapping) {
    if (!mapping.flags.shared) return;
    for_each_entry(root_.table(), Pte::levels() - 1, start, end, [&](u64& entry, VirtAddr address) {
      if (!hal::has(Pte::flags(entry), hal::PageFlags::Write)) return;
      entry = Pte::make_leaf(Pte::address(entry), 0, read_flags(mapping) | hal::PageFlags::Cow);
      gather.touch(address);
    });
  });
}

Status AddressSpace::advise(VirtAddr start, u64 size, bool MappingFlags::* flag, bool value) {
  auto state = state_.lock();
  for (VirtAddr at = start; at < start + size;) {
    const Mapping* mapping = find(*state, at);
    if (mapping == nullptr) return Err(Errno::ENOMEM);
    at = mapping->end;
  }
  TRY(split_at(*state, start));
  TRY(split_at(*state, start + size));
  for (auto at = state->mappings.lower_bound(start); at != state->mappings.end() && at->start < start + size; ++at) {
    at->flags.*flag = value;
  }
  return {};
}

Status AddressSpace::sync(VirtAddr start, u64 size, bool wait) {
  for (VirtAddr at = start; at < start + size;) {
    lib::Ref<VmObject> object;
    lib::Ref<MappingName> name;  // keeps the file, on which the object depends
    u64 first = 0, count = 0;
    {
      auto state = state_.lock();
      const Mapping* mapping = find(*state, at);
      if (mapping == nullptr) return Err(Errno::ENOMEM);
      const VirtAddr end = std::min(start + size, mapping->end);
      if (mapping->flags.shared) {
        object = mapping->object;
        name = mapping->name;
      }
      first = mapping->page_at(at);
      count = (end - at) >> kPageShift;
      at = end;
    }
    // Not under the lock: writing out may take long, and programs go on meanwhile.
    if (object) TRY(object->write_back(first, count, wait));
  }
  return {};
}

MemoryUse AddressSpace::memory_use() {
  return state_.with([](State& state) {
    MemoryUse use;
    use.anonymous_pages = state.anonymous_pages;
    use.object_pages = state.object_pages;
    for (const Mapping& mapping : state.mappings) {
      const u64 pages = mapping.pages();
      use.mapped_pages += pages;
      if (mapping.flags.grows_down) use.stack_pages += pages;
      if (!mapping.flags.shared && has(mapping.protection, Protection::Write)) use.data_pages += pages;
      if (has(mapping.protection, Protection::Exec)) use.text_pages += pages;
    }
    return use;
  });
}

}  // namespace mm
