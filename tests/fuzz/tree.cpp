// Any bytes as a device tree: its nodes, memory, reservations, processors, and what stands in /chosen. The first byte
// of an input is not looked at.
#include <cstring>
#include <vector>

#include "kernel/lib/fdt/numa.hpp"
#include "tests/fuzz/topology.hpp"

namespace {

void look_at_all(const lib::fdt::Tree& tree) {
  usize sum = tree.boot_arguments().size() + tree.random_seed().size() + tree.initramfs().size;
  tree.for_each_memory([&](const lib::fdt::Region& region) { sum += region.size; });
  tree.for_each_reserved([&](const lib::fdt::Region& region, bool no_map) { sum += region.size + no_map; });
  tree.for_each_cpu([&](lib::fdt::Node node, u64 id) { sum += id + tree.name(node).size(); });
  if (const lib::fdt::Node console = tree.standard_output()) sum += tree.reg(console).has_value();
  volatile usize all_read = sum;
  static_cast<void>(all_read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  // Aligned as boot loaders do it, and with nothing behind the last word.
  std::vector<u64> blob((size - 1 + sizeof(u64) - 1) / sizeof(u64));
  std::memcpy(blob.data(), data + 1, size - 1);
  const lib::fdt::Tree tree(blob.data(), blob.size() * sizeof(u64));
  if (!tree.valid()) return 0;
  look_at_all(tree);
  lib::NumaTopology numa;
  lib::fdt::read_numa(tree, fuzz::ram().ram(), numa);
  fuzz::check(numa);
  return 0;
}
