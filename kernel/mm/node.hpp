// The machine's memory nodes: each has RAM below and above 4 GiB, and an order in which the others stand in for it.
//
// The frame allocator owns the nodes; they are made once, at boot, and stay. Node 0 is there from the first instruction
// on, the others lie in boot memory, each in its own if it has some. A node without RAM has two empty zones. Zones have
// their own locks; everything else is constant after init_nodes(), so that any context may ask.
#pragma once

#include <algorithm>

#include "kernel/lib/numa.hpp"
#include "kernel/mm/zone.hpp"

namespace mm {

inline constexpr u64 kBoundary32 = 4 * GiB;  // where addresses need more than 32 bits

struct Node {
  explicit Node(u8 number = 0) : below(number), above(number) {}

  Zone below;
  Zone above;
  // All nodes, the nearest first: itself, then those that stand in for it.
  u8 order[lib::NumaTopology::kMaxNodes] = {};

  u64 total_frames() const { return below.total_frames() + above.total_frames(); }
  u64 free_frames() const { return below.free_frames() + above.free_frames(); }
};

// Makes the nodes that `topology` tells of, without memory yet. `boot` has room for those after the first; a machine
// that has not is left with one node. `topology` lives as long as the kernel.
void init_nodes(const lib::NumaTopology& topology, lib::BootMemory& boot);

u32 node_count();
Node& node(u32 number);
// Node of RAM that no frame says it of yet, and the first address above `address` that may be in another one.
u32 node_of_address(PhysAddr address);
u64 next_node_boundary(u64 address);
// Of a CPU; node 0 where firmware says nothing of it. After hal_smp_init().
u32 node_of_cpu(u32 cpu);
// As firmware tells it: 10 is local.
u8 node_distance(u32 from, u32 to);
// The node by whose memory a CPU of `number` is best served: itself, or the nearest one that has RAM.
u32 nearest_memory(u32 number);

inline Zone& zone_of(const PageFrame* frame) {
  Node& home = node(frame->node);
  return address_of(frame).value < kBoundary32 ? home.below : home.above;
}

// 2^order frames of the nearest node that has them; null: none has. With `below_4g` where 32 bits reach.
PageFrame* allocate_near(u32 number, unsigned order, bool below_4g);
// Up to `count` single frames, all of one zone: the nearest that has any. Returns how many.
usize allocate_many_near(u32 number, PageFrame** frames, usize count);
// Gives single frames of any zones back. Reorders `frames`.
void free_many(PageFrame** frames, usize count);

// Frames of all zones, without those in caches.
u64 free_in_zones();

}  // namespace mm
