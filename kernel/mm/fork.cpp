// fork: a second address space that shares every page until somebody writes.
//
// Only private pages that differ from their object are carried over; pages that an object can show again are left to
// the child's own faults, which find them in memory.

#include "hal/tlb.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/mm/address_space.hpp"

namespace mm {
namespace {

using hal::PageFlags;

Result<Mapping*> clone(const Mapping& original) {
  Mapping* copy = lib::try_new<Mapping>();
  if (copy == nullptr) return Err(Errno::ENOMEM);
  copy->start = original.start;
  copy->end = original.end;
  copy->content() = original.content();
  return copy;
}

}  // namespace

Result<lib::Ref<AddressSpace>> AddressSpace::fork() {
  auto child = TRY(create());
  const Status copied = state_.with([&](State& state) { return copy_to(*child, state); });
  if (!copied) {
    child->remove_user();
    return Err(copied.error());
  }
  return child;
}

Status AddressSpace::copy_to(AddressSpace& child, State& state) {
  State& fresh = child.state_.unshared();  // nobody else knows the child yet
  fresh.layout = state.layout;
  fresh.map_top = state.map_top;
  TRY(child.copy_mappings(state, fresh));
  // Every entry that loses the right to write is flushed at once, at the end or after a failure.
  FrameGather gather(root_);
  for (const Mapping& mapping : fresh.mappings) {
    if (mapping.flags.shared || mapping.flags.wipe_on_fork) continue;
    K_ASSERT(mapping.start < mapping.end && mapping.end <= hal::arch::user_end(), "a mapping outside the user half");
    TRY(share_pages(child, gather, mapping));
  }
  return {};
}

Status AddressSpace::copy_mappings(State& from, State& to) {
  for (const Mapping& original : from.mappings) {
    if (original.flags.dont_fork) continue;
    Mapping* copy = TRY(clone(original));
    to.mappings.insert(*copy);
    if (copy->object) copy->object->mapping_added(*this);
  }
  return {};
}

Status AddressSpace::share_pages(AddressSpace& child, FrameGather& gather, const Mapping& mapping) {
  PageTable child_tables = child.tables();
  bool failed = false;
  u64* target = nullptr;  // the child's entry for `target_address`
  VirtAddr target_address = 0;
  for_each_entry(root_.table(), Pte::levels() - 1, mapping.start, mapping.end, [&](u64& entry, VirtAddr address) {
    if (failed) return;
    PageFrame* frame = frame_of(Pte::address(entry));
    if (frame->kind != FrameKind::Anonymous) return;
    if (hal::has(Pte::flags(entry), PageFlags::Write)) {
      entry = Pte::make_leaf(Pte::address(entry), 0, read_flags(mapping) | PageFlags::Cow);
      gather.touch(address);
    }
    const bool next_entry =
        target != nullptr && address == target_address + kPageSize && hal::level_index(address, 0) != 0;
    target = next_entry ? target + 1 : child_tables.make(address, 0).entry;
    target_address = address;
    if (target == nullptr) {
      failed = true;
      return;
    }
    acquire_frame(frame);
    *target = entry;
    ++child.state_.unshared().anonymous_pages;
  });
  if (failed) return Err(Errno::ENOMEM);
  return {};
}

}  // namespace mm
