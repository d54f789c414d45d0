// What must hold of a topology, whatever the table was that it came from.
#pragma once

#include <cstdlib>

#include "kernel/lib/numa.hpp"

namespace fuzz {

inline void need(bool holds) {
  if (!holds) std::abort();
}

// RAM as of a machine of 8 GiB with a hole below 4 GiB.
inline lib::BootMemory ram() {
  lib::BootMemory memory;
  memory.add_ram(0, 3 * GiB);
  memory.add_ram(4 * GiB, 5 * GiB);
  return memory;
}

inline void check_order(const lib::NumaTopology& numa, u32 node) {
  u8 order[lib::NumaTopology::kMaxNodes];
  numa.order_by_distance(node, {order, numa.nodes()});
  need(order[0] == node);
  u64 seen = 0;
  for (u32 i = 0; i < numa.nodes(); ++i) {
    need(order[i] < numa.nodes() && (seen >> order[i] & 1) == 0);
    seen |= u64{1} << order[i];
    need(i < 2 || numa.distance(node, order[i]) >= numa.distance(node, order[i - 1]));
  }
}

inline void check(const lib::NumaTopology& numa) {
  need(numa.nodes() >= 1 && numa.nodes() <= lib::NumaTopology::kMaxNodes);
  need(numa.flaw() == nullptr || (numa.nodes() == 1 && numa.ranges().empty()));
  u64 last = 0;
  for (const auto& range : numa.ranges()) {
    need(range.base >= last && range.end > range.base && range.node < numa.nodes());
    need(range.base % kPageSize == 0 && range.end % kPageSize == 0);
    need(numa.node_of_memory(range.base) == range.node && numa.next_boundary(range.base) > range.base);
    last = range.end;
  }
  for (u32 node = 0; node < numa.nodes(); ++node) {
    need(numa.distance(node, node) == lib::NumaTopology::kLocal);
    check_order(numa, node);
  }
}

}  // namespace fuzz
