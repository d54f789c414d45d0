// Which nodes the pages of a program lie on: policies of its mappings, and moving pages (mbind(2), move_pages(2)).

#include <bit>
#include <cstring>

#include "kernel/mm/address_space.hpp"
#include "kernel/mm/policy.hpp"

namespace mm {

bool AddressSpace::is_covered(State& state, VirtAddr start, VirtAddr end) {
  while (start < end) {
    const Mapping* mapping = find(state, start);
    if (mapping == nullptr) return false;
    start = mapping->end;
  }
  return true;
}

// Calls visit(mapping, entry, address, frame) for each page of RAM that is in the page tables. The page of zeros is
// everybody's, and lies nowhere.
template <class Visit>
void AddressSpace::for_each_placed_page(State& state, VirtAddr start, VirtAddr end, Visit&& visit) {
  for (const Mapping& mapping : state.mappings) {
    const VirtAddr first = std::max(start, mapping.start), last = std::min(end, mapping.end);
    if (first >= last) continue;
    hal::PageFlags flags;
    PhysAddr device;
    if (mapping.object && mapping.object->device_page(mapping.page_at(first), &device, &flags)) continue;
    for_each_entry(root_.table(), Pte::levels() - 1, first, last, [&](u64& entry, VirtAddr address) {
      PageFrame* frame = frame_of(Pte::address(entry));
      if (frame != zero_frame()) visit(mapping, entry, address, frame);
    });
  }
}

// A frame that `policy` allows takes the place of the entry's. While it is copied nobody can reach the page: who tries
// faults, and waits for the lock. EBUSY: the old one is not this program's alone.
Status AddressSpace::replace_frame(const Mapping& mapping, u64& entry, VirtAddr address,
                                   const lib::MemoryPolicy& policy) {
  PageFrame* old = frame_of(Pte::address(entry));
  if (old->kind != FrameKind::Anonymous || old->references.load(std::memory_order_acquire) != 1) {
    return Err(Errno::EBUSY);
  }
  PageFrame* fresh = TRY(allocate_by(policy, mapping.page_at(address), FrameKind::Anonymous, Allocate::Plain));
  const bool writable = hal::has(Pte::flags(entry), hal::PageFlags::Write);
  const auto write = writable ? hal::PageFlags::Write | hal::PageFlags::Dirty : hal::PageFlags::Cow;
  entry = 0;
  flush(address);
  std::memcpy(memory_of(fresh), memory_of(old), kPageSize);
  entry = Pte::make_leaf(address_of(fresh), 0, read_flags(mapping) | write);
  release_frame(old);
  return {};
}

Status AddressSpace::set_policy(VirtAddr start, u64 size, const lib::MemoryPolicy& policy, Misplaced misplaced) {
  auto state = state_.lock();
  const VirtAddr end = start + size;
  if (!policy.is_default() && !is_covered(*state, start, end)) return Err(Errno::EFAULT);
  bool stays = false;
  const auto for_each_misplaced = [&](auto&& visit) {
    for_each_placed_page(*state, start, end, [&](const Mapping& mapping, u64& entry, VirtAddr at, PageFrame* frame) {
      if (!lib::contains(policy.allowed_nodes(), frame->node)) visit(mapping, entry, at);
    });
  };
  if (misplaced.refuse && !misplaced.move) {
    for_each_misplaced([&](const Mapping&, u64&, VirtAddr) { stays = true; });
    if (stays) return Err(Errno::EIO);
  }
  TRY(split_at(*state, start));
  TRY(split_at(*state, end));
  for (auto at = state->mappings.lower_bound(start); at != state->mappings.end() && at->start < end; ++at) {
    at->policy = policy;
  }
  if (!misplaced.move) return {};
  for_each_misplaced([&](const Mapping& mapping, u64& entry, VirtAddr at) {
    if (!replace_frame(mapping, entry, at, policy)) stays = true;
  });
  if (misplaced.refuse && stays) return Err(Errno::EIO);
  return {};
}

Result<lib::MemoryPolicy> AddressSpace::policy_at(VirtAddr address) {
  auto state = state_.lock();
  const Mapping* mapping = find(*state, address);
  if (mapping == nullptr) return Err(Errno::EFAULT);
  return mapping->policy;
}

Result<PageFrame*> AddressSpace::frame_at(State& state, VirtAddr address) {
  if (find(state, address) == nullptr) return Err(Errno::EFAULT);
  Result<PageFrame*> result = Err(Errno::ENOENT);
  const VirtAddr page = align_down(address, kPageSize);
  for_each_entry(root_.table(), Pte::levels() - 1, page, page + kPageSize, [&](u64& entry, VirtAddr) {
    const PhysAddr physical = Pte::address(entry);
    if (is_ram(physical)) {
      result = frame_of(physical);
    } else {
      result = Err(Errno::EFAULT);
    }
  });
  return result;
}

Result<u32> AddressSpace::node_locked(State& state, VirtAddr address) {
  const PageFrame* frame = TRY(frame_at(state, address));
  if (frame == zero_frame()) return Err(Errno::EFAULT);
  return frame->node;
}

Result<u32> AddressSpace::node_at(VirtAddr address) {
  auto state = state_.lock();
  return node_locked(*state, address);
}

Result<u32> AddressSpace::node_read_at(VirtAddr address) {
  auto state = state_.lock();
  if (fault_locked(*state, address, {}, 0).signal != 0) return Err(Errno::EFAULT);
  return TRY(frame_at(*state, address))->node;
}

Status AddressSpace::move_page(VirtAddr address, u32 node) {
  auto state = state_.lock();
  const VirtAddr page = align_down(address, kPageSize);
  if (TRY(node_locked(*state, page)) == node) return {};
  const lib::NodeSet only = lib::NodeSet{1} << node;
  const auto there = TRY(lib::MemoryPolicy::make(static_cast<u32>(lib::MemoryPolicy::Mode::Bind), only, only));
  Status moved = Err(Errno::EFAULT);
  for_each_placed_page(*state, page, page + kPageSize,
                       [&](const Mapping& mapping, u64& entry, VirtAddr at, PageFrame*) {
                         moved = replace_frame(mapping, entry, at, there);
                       });
  return moved;
}

u64 AddressSpace::migrate(lib::NodeSet from, lib::NodeSet to) {
  auto state = state_.lock();
  u64 stayed = 0;
  const auto move = [&](const Mapping& mapping, u64& entry, VirtAddr at, PageFrame* frame) {
    if (!lib::contains(from, frame->node)) return;
    const int before = std::popcount(from & ((lib::NodeSet{1} << frame->node) - 1));
    const lib::NodeSet only = lib::NodeSet{1} << lib::nth_node(to, static_cast<u64>(before));
    const auto there = lib::MemoryPolicy::make(static_cast<u32>(lib::MemoryPolicy::Mode::Bind), only, only);
    if (lib::contains(only, frame->node)) return;
    if (!there || !replace_frame(mapping, entry, at, *there)) ++stayed;
  };
  for_each_placed_page(*state, 0, hal::arch::user_end(), move);
  return stayed;
}

}  // namespace mm
