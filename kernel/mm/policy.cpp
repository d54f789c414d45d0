#include "kernel/mm/policy.hpp"

#include "hal/cpu.hpp"
#include "kernel/mm/node.hpp"

namespace mm {

Result<PageFrame*> allocate_by(const lib::MemoryPolicy& policy, u64 turn, FrameKind kind, Allocate flags) {
  const u32 local = nearest_memory(node_of_cpu(hal::current_cpu()->id));
  const std::span<const u8> near(node(policy.home(local, turn)).order, node_count());
  u8 order[lib::NumaTopology::kMaxNodes];
  return allocate_frame_from({order, policy.order(near, order)}, kind, flags);
}

Result<PageFrame*> allocate_user_frame(FrameKind kind, Allocate flags) {
  if (node_count() == 1) return allocate_frame(kind, flags);
  ThreadPolicy* thread = running_policy();
  if (thread == nullptr) return allocate_frame(kind, flags);
  if (thread->mapping != nullptr) return allocate_by(*thread->mapping, thread->mapping_page, kind, flags);
  if (thread->own.is_default()) return allocate_frame(kind, flags);
  return allocate_by(thread->own, thread->turn++, kind, flags);
}

lib::NodeSet nodes_with_memory() {
  lib::NodeSet nodes = 0;
  for (u32 number = 0; number < node_count(); ++number) {
    if (node(number).total_frames() != 0) nodes |= lib::NodeSet{1} << number;
  }
  return nodes;
}

}  // namespace mm
