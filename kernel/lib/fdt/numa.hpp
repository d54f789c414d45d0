// The machine's nodes from a device tree (Linux Documentation/devicetree/bindings/numa.txt, moved to
// dt-schema/schemas/numa-distance-map-v1.yaml).
//
// `numa-node-id` of each memory and cpu node says where it is; a node compatible with numa-distance-map-v1 has triples
// (from, to, distance), where one direction may stand for both. What does not hold makes the topology one node with a
// flaw.
#pragma once

#include "kernel/lib/fdt/tree.hpp"
#include "kernel/lib/numa.hpp"

namespace lib::fdt {

// Fills `out`, which is fresh. A tree without node ids leaves one node.
void read_numa(const Tree& tree, const BootMemory::RangeSet& ram, NumaTopology& out);

}  // namespace lib::fdt
