#include "kernel/lib/memory_policy.hpp"

#include <algorithm>
#include <bit>

namespace lib {
namespace {

// Node n of `nodes` stands for the n-th of those available, counted round and round.
NodeSet relative_to(NodeSet nodes, NodeSet available) {
  NodeSet result = 0;
  for (; nodes != 0; nodes &= nodes - 1) {
    result |= NodeSet{1} << nth_node(available, static_cast<u64>(std::countr_zero(nodes)));
  }
  return result;
}

}  // namespace

u32 nth_node(NodeSet set, u64 index) {
  for (u64 skip = index % static_cast<u64>(std::popcount(set)); skip != 0; --skip) set &= set - 1;
  return static_cast<u32>(std::countr_zero(set));
}

Result<MemoryPolicy> MemoryPolicy::make(u32 mode_and_flags, NodeSet nodes, NodeSet available) {
  constexpr u32 kFlags = kStaticNodes | kRelativeNodes;
  const u32 mode = mode_and_flags & ~kFlags, flags = mode_and_flags & kFlags;
  if (mode > static_cast<u32>(Mode::PreferredMany) || flags == kFlags) return Err(Errno::EINVAL);
  MemoryPolicy policy;
  policy.mode_ = static_cast<Mode>(mode);
  if (nodes == 0) {
    if (policy.mode_ == Mode::Default) return policy;
    if (flags != 0) return Err(Errno::EINVAL);
    if (policy.mode_ == Mode::Preferred) policy.mode_ = Mode::Local;
    if (policy.mode_ != Mode::Local) return Err(Errno::EINVAL);
    return policy;
  }
  if (policy.mode_ == Mode::Default || policy.mode_ == Mode::Local) return Err(Errno::EINVAL);
  policy.flags_ = flags;
  policy.asked_ = nodes;
  policy.nodes_ = flags == kRelativeNodes ? relative_to(nodes, available) : nodes & available;
  if (policy.nodes_ == 0) return Err(Errno::EINVAL);
  if (policy.mode_ == Mode::Preferred) policy.nodes_ &= ~policy.nodes_ + 1;
  return policy;
}

u32 MemoryPolicy::home(u32 local, u64 turn) const {
  if (mode_ == Mode::Interleave) return nth_node(nodes_, turn);
  return mode_ == Mode::Preferred ? nth_node(nodes_, 0) : local;
}

usize MemoryPolicy::order(std::span<const u8> near, std::span<u8> order) const {
  const auto is_named = [this](u8 node) { return contains(nodes_, node); };
  u8* end = order.data();
  if (mode_ == Mode::Bind || mode_ == Mode::PreferredMany) {
    end = std::copy_if(near.begin(), near.end(), end, is_named);
    if (mode_ == Mode::PreferredMany) {
      end = std::copy_if(near.begin(), near.end(), end, [&](u8 node) { return !is_named(node); });
    }
  } else {
    end = std::copy(near.begin(), near.end(), end);
  }
  return static_cast<usize>(end - order.data());
}

}  // namespace lib
