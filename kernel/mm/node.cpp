#include "kernel/mm/node.hpp"

#include <new>

#include "hal/smp.hpp"

namespace mm {
namespace {

const lib::NumaTopology* g_topology;  // null: one node
Node g_first;
Node* g_others[lib::NumaTopology::kMaxNodes];  // by number; the first is not used
u32 g_count = 1;

// Room for a node, in its own memory if possible. Null: nowhere.
void* room_for(u32 number, const lib::NumaTopology& topology, lib::BootMemory& boot) {
  const u64 pages = align_up(sizeof(Node), kPageSize) >> kPageShift;
  for (const auto& range : topology.ranges()) {
    if (range.node != number) continue;
    const u64 found = boot.allocate(pages, kPageSize, range.end, range.base);
    if (found != 0) return hal::phys_to_virt({found});
  }
  const u64 found = boot.allocate(pages);
  return found != 0 ? hal::phys_to_virt({found}) : nullptr;
}

}  // namespace

void init_nodes(const lib::NumaTopology& topology, lib::BootMemory& boot) {
  for (u32 number = 1; number < topology.nodes(); ++number) {
    void* memory = room_for(number, topology, boot);
    if (memory == nullptr) return;
    g_others[number] = ::new (memory) Node(static_cast<u8>(number));
  }
  g_topology = &topology;
  g_count = topology.nodes();
  for (u32 number = 0; number < g_count; ++number) topology.order_by_distance(number, {node(number).order, g_count});
}

u32 node_count() { return g_count; }

Node& node(u32 number) { return number == 0 ? g_first : *g_others[number]; }

u32 node_of_address(PhysAddr address) { return g_topology == nullptr ? 0 : g_topology->node_of_memory(address.value); }

u64 next_node_boundary(u64 address) { return g_topology == nullptr ? ~u64{0} : g_topology->next_boundary(address); }

u32 node_of_cpu(u32 cpu) {
  if (g_topology == nullptr) return 0;
  return static_cast<u32>(std::max(0, g_topology->node_of_cpu(hal::cpu_hardware_id(cpu))));
}

u8 node_distance(u32 from, u32 to) {
  return g_topology == nullptr ? lib::NumaTopology::kLocal : g_topology->distance(from, to);
}

u32 nearest_memory(u32 number) {
  for (u32 i = 0; i < g_count; ++i) {
    if (node(node(number).order[i]).total_frames() != 0) return node(number).order[i];
  }
  return number;
}

PageFrame* allocate_near(u32 number, unsigned order, bool below_4g) {
  for (u32 i = 0; i < g_count; ++i) {
    Node& from = node(node(number).order[i]);
    PageFrame* frame = below_4g ? nullptr : from.above.allocate(order);
    if (frame == nullptr) frame = from.below.allocate(order);
    if (frame != nullptr) return frame;
  }
  return nullptr;
}

usize allocate_many_near(u32 number, PageFrame** frames, usize count) {
  for (u32 i = 0; i < g_count; ++i) {
    Node& from = node(node(number).order[i]);
    usize taken = from.above.allocate_many(frames, count);
    if (taken == 0) taken = from.below.allocate_many(frames, count);
    if (taken != 0) return taken;
  }
  return 0;
}

void free_many(PageFrame** frames, usize count) {
  PageFrame** const end = frames + count;
  while (frames != end) {
    Zone& zone = zone_of(*frames);
    PageFrame** split = std::partition(frames, end, [&](const PageFrame* frame) { return &zone_of(frame) == &zone; });
    zone.free_many(frames, static_cast<usize>(split - frames));
    frames = split;
  }
}

u64 free_in_zones() {
  u64 free = 0;
  for (u32 number = 0; number < g_count; ++number) free += node(number).free_frames();
  return free;
}

}  // namespace mm
