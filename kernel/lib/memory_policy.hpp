// Memory policies (Linux: set_mempolicy(2), numa(7)): which nodes a program's pages come from.
//
// A policy is a value; it knows numbers of nodes and nothing of the memory behind them. No locks, no allocation, any
// context. Invariants: nodes() is not empty but for Default and Local; Preferred has one node.
#pragma once

#include <span>

#include "kernel/lib/numa.hpp"
#include "kernel/lib/result.hpp"

namespace lib {

using NodeSet = u64;  // a bit for each node
static_assert(NumaTopology::kMaxNodes == 64);
constexpr bool contains(NodeSet set, u32 node) { return (set >> node & 1) != 0; }

class MemoryPolicy {
 public:
  // By their numbers (include/uapi/linux/mempolicy.h).
  enum class Mode : u8 { Default, Preferred, Bind, Interleave, Local, PreferredMany };
  static constexpr u32 kStaticNodes = 1 << 15, kRelativeNodes = 1 << 14;  // MPOL_F_, beside the mode

  MemoryPolicy() = default;
  // From what a program asks for; `available` are the nodes that have memory. EINVAL as in set_mempolicy(2).
  static Result<MemoryPolicy> make(u32 mode_and_flags, NodeSet nodes, NodeSet available);

  bool is_default() const { return mode_ == Mode::Default; }
  bool operator==(const MemoryPolicy&) const = default;
  Mode mode() const { return mode_; }
  u32 mode_and_flags() const { return static_cast<u32>(mode_) | flags_; }
  // As the program named them where it wants to hear that again (the flags), else those in force.
  NodeSet shown_nodes() const { return flags_ != 0 ? asked_ : nodes_; }
  // Where a page may lie without being misplaced.
  NodeSet allowed_nodes() const { return nodes_ == 0 ? ~NodeSet{0} : nodes_; }

  // The node to begin with: `local` is the CPU's; `turn` counts pages, or numbers them, for those that are spread.
  u32 home(u32 local, u64 turn) const;
  // Nodes to try for a page into `order`, which is as large as `near`: all nodes by their distance from home(). Returns
  // how many there are.
  usize order(std::span<const u8> near, std::span<u8> order) const;

 private:
  Mode mode_ = Mode::Default;
  u32 flags_ = 0;
  NodeSet asked_ = 0;
  NodeSet nodes_ = 0;
};

// The element of `set` that `index` other ones come before; the set is not empty, and counting begins anew at its end.
u32 nth_node(NodeSet set, u64 index);

}  // namespace lib
