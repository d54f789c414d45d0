// mremap(2): a mapping shrinks, grows in place, or moves with its pages.

#include <algorithm>

#include "hal/layout.hpp"
#include "kernel/mm/address_space.hpp"

namespace mm {

Result<VirtAddr> AddressSpace::move_mapping(State& state, Mapping& mapping, const Remap& request) {
  MapRequest target;
  static_cast<MappingContent&>(target) = mapping.content();
  target.object_page = mapping.page_at(request.old_start);
  target.size = request.new_size;
  target.address = request.new_start;
  target.fixed = request.fixed;
  const VirtAddr to = TRY(map_locked(state, target));
  const u64 moved = std::min(request.old_size, request.new_size);
  // Tables for the target first: what follows cannot fail and leave half a mapping at each place.
  PageTable tables = this->tables();
  for (VirtAddr at = to; at < to + moved; at = align_down(at, hal::level_size(1)) + hal::level_size(1)) {
    if (tables.make(at, 0).entry != nullptr) continue;
    TRY(remove_range(state, to, to + request.new_size));
    return Err(Errno::ENOMEM);
  }
  {
    FrameGather gather(root_);
    for_each_entry(root_.table(), Pte::levels() - 1, request.old_start, request.old_start + moved,
                   [&](u64& entry, VirtAddr address) {
                     *tables.make(to + (address - request.old_start), 0).entry = entry;
                     entry = 0;
                     gather.touch(address);
                   });
  }
  TRY(remove_range(state, request.old_start, request.old_start + request.old_size));
  return to;
}

Result<VirtAddr> AddressSpace::remap(const Remap& request) {
  auto state = state_.lock();
  const VirtAddr old_end = request.old_start + request.old_size;
  if (find(*state, request.old_start) == nullptr) return Err(Errno::EFAULT);
  if (find(*state, request.old_start)->end < old_end) return Err(Errno::EFAULT);
  if (!request.fixed && request.new_size <= request.old_size) {
    TRY(remove_range(*state, request.old_start + request.new_size, old_end));
    return request.old_start;
  }
  TRY(split_at(*state, request.old_start));
  TRY(split_at(*state, old_end));
  Mapping& mapping = *find(*state, request.old_start);
  const VirtAddr new_end = request.old_start + request.new_size;
  if (!request.fixed && hal::is_user_range(request.old_start, request.new_size) && is_free(*state, old_end, new_end)) {
    mapping.end = new_end;
    return request.old_start;
  }
  if (!request.may_move) return Err(Errno::ENOMEM);
  return move_mapping(*state, mapping, request);
}

}  // namespace mm
