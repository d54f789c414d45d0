#include "kernel/lib/fdt/numa.hpp"

namespace lib::fdt {
namespace {

constexpr const char* kNodeId = "numa-node-id";
constexpr usize kCell = 4;

// The domain that a device-tree node is in; nothing where it does not say.
std::optional<u32> domain_of(const Tree& tree, Node node, NumaTopology& out) {
  const Bytes id = tree.bytes(node, kNodeId);
  if (id.data() == nullptr) return {};
  if (id.size() != kCell) {
    out.reject("device tree: a numa-node-id is not one cell");
    return {};
  }
  return static_cast<u32>(read_cells(id, 1));
}

void read_memory(const Tree& tree, NumaTopology& out) {
  tree.for_each_child(tree.find("/"), [&](Node node) {
    if (tree.text(node, "device_type") != "memory" || !tree.is_available(node)) return;
    const auto domain = domain_of(tree, node, out);
    if (!domain) return;
    for (usize i = 0;; ++i) {
      const auto region = tree.reg(node, i);
      if (!region) return;
      out.add_memory(region->base, region->size, *domain);
    }
  });
}

void read_distances(const Tree& tree, NumaTopology& out) {
  const Node map = tree.find_compatible("numa-distance-map-v1");
  if (!map) return;
  const Bytes matrix = tree.bytes(map, "distance-matrix");
  constexpr usize kTriple = 3 * kCell;
  if (matrix.empty() || matrix.size() % kTriple != 0) {
    return out.reject("device tree: the distance-matrix has no whole triples");
  }
  for (usize at = 0; at < matrix.size(); at += kTriple) {
    const auto cell = [&](usize index) {
      return static_cast<u32>(read_cells(matrix.subspan(at + index * kCell, kCell), 1));
    };
    const i32 from = out.node_of_domain(cell(0)), to = out.node_of_domain(cell(1));
    if (from >= 0 && to >= 0) out.set_distance(static_cast<u32>(from), static_cast<u32>(to), cell(2));
  }
  out.mirror_distances();
}

}  // namespace

void read_numa(const Tree& tree, const BootMemory::RangeSet& ram, NumaTopology& out) {
  read_memory(tree, out);
  tree.for_each_cpu([&](Node node, u64 hardware_id) {
    if (const auto domain = domain_of(tree, node, out)) out.add_cpu(hardware_id, *domain);
  });
  out.number_nodes(ram);
  read_distances(tree, out);
  out.finish();
}

}  // namespace lib::fdt
