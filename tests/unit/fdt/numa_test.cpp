// Nodes in a device tree, whole and damaged.
#include "kernel/lib/fdt/numa.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "tests/unit/fdt/sample_tree.hpp"

namespace {

using lib::BootMemory;
using lib::NumaTopology;
using sample::TreeWriter;

NumaTopology read(const std::function<void(TreeWriter&)>& fill, u64 size = 4 * GiB) {
  TreeWriter writer;
  fill(writer);
  const std::vector<u64> blob = writer.finish();
  const lib::fdt::Tree tree(blob.data(), blob.size() * sizeof(u64));
  EXPECT_TRUE(tree.valid());
  BootMemory memory;
  memory.add_ram(2 * GiB, size);
  NumaTopology numa;
  lib::fdt::read_numa(tree, memory.ram(), numa);
  return numa;
}

TEST(FdtNuma, TwoNodes) {
  const NumaTopology numa = read([](TreeWriter& tree) {
    tree.memory(2 * GiB, GiB, {0}).memory(3 * GiB, 3 * GiB, {1});
    tree.cpus({{0x000, {0}}, {0x001, {0}}, {0x100, {1}}});
    tree.distances({0, 0, 10, 0, 1, 31, 1, 0, 32, 1, 1, 10});
  });
  ASSERT_EQ(numa.flaw(), nullptr);
  ASSERT_EQ(numa.nodes(), 2u);
  EXPECT_EQ(numa.node_of_memory(3 * GiB - 1), 0u);
  EXPECT_EQ(numa.node_of_memory(3 * GiB), 1u);
  EXPECT_EQ(numa.node_of_cpu(0x001), 0);
  EXPECT_EQ(numa.node_of_cpu(0x100), 1);
  EXPECT_EQ(numa.distance(0, 1), 31);
  EXPECT_EQ(numa.distance(1, 0), 32);
}

TEST(FdtNuma, FourNodesWithDistancesInOneDirection) {
  const NumaTopology numa = read([](TreeWriter& tree) {
    tree.memory(2 * GiB, GiB, {10}).memory(3 * GiB, GiB, {20}).memory(4 * GiB, 2 * GiB, {40});
    tree.cpus({{0, {10}}, {1, {30}}, {2, {20}}, {3, {}}});  // 30 has no memory, 40 no CPU
    tree.distances({10, 20, 15, 10, 30, 20, 10, 40, 25, 20, 30, 30, 20, 40, 35, 30, 40, 45, 7, 8, 9});
  });
  ASSERT_EQ(numa.flaw(), nullptr);
  ASSERT_EQ(numa.nodes(), 4u);
  EXPECT_EQ(numa.node_of_cpu(1), 2);
  EXPECT_EQ(numa.node_of_cpu(3), -1);
  EXPECT_EQ(numa.node_of_memory(5 * GiB), 3u);
  EXPECT_EQ(numa.distance(3, 2), 45);
  EXPECT_EQ(numa.distance(1, 0), 15);
  EXPECT_EQ(numa.distance(2, 2), 10);
}

TEST(FdtNuma, TreesThatSayNothing) {
  const NumaTopology numa = read([](TreeWriter& tree) {
    tree.memory(2 * GiB, 4 * GiB, {});
    tree.cpus({{0, {}}, {1, {}}});
  });
  EXPECT_EQ(numa.flaw(), nullptr);
  EXPECT_EQ(numa.nodes(), 1u);
}

TEST(FdtNuma, WithoutDistancesTheyAreTheUsualOnes) {
  const NumaTopology numa = read([](TreeWriter& tree) {
    tree.memory(2 * GiB, GiB, {0}).memory(3 * GiB, 3 * GiB, {1});
    tree.cpus({{0, {0}}});
  });
  ASSERT_EQ(numa.nodes(), 2u);
  EXPECT_EQ(numa.distance(0, 1), 20);
}

TEST(FdtNuma, WhatIsWrongLeavesOneNode) {
  const auto flaw = [](std::vector<u32> id, const std::vector<u32>& distances) {
    const NumaTopology numa = read([&](TreeWriter& tree) {
      tree.memory(2 * GiB, GiB, {0}).memory(3 * GiB, GiB, std::move(id));
      tree.cpus({{0, {0}}, {1, {1}}});
      if (!distances.empty()) tree.distances(distances);
    });
    EXPECT_EQ(numa.nodes(), 1u);
    EXPECT_EQ(numa.node_of_cpu(0), -1);
    return std::string(numa.flaw() == nullptr ? "none" : numa.flaw());
  };
  EXPECT_EQ(flaw({0, 1}, {}), "device tree: a numa-node-id is not one cell");
  EXPECT_EQ(flaw({1}, {0, 1, 20, 1}), "device tree: the distance-matrix has no whole triples");
  EXPECT_EQ(flaw({1}, {0, 1, 9}), "a distance is below 10 or above 255");
  EXPECT_EQ(flaw({1}, {0, 1, 300}), "a distance is below 10 or above 255");
  EXPECT_EQ(flaw({1}, {0, 0, 20, 0, 1, 20}), "a node's distance to itself is not 10");
  EXPECT_EQ(flaw({1}, {0, 0, 10}), "two nodes have no distance from one another");
}

TEST(FdtNuma, OverlappingMemoryAndMemoryOutsideRam) {
  const NumaTopology overlapping = read([](TreeWriter& tree) {
    tree.memory(2 * GiB, 2 * GiB, {0}).memory(3 * GiB, 2 * GiB, {1});
    tree.cpus({{0, {0}}});
  });
  EXPECT_STREQ(overlapping.flaw(), "ranges of memory of two nodes overlap");
  const NumaTopology outside = read(
      [](TreeWriter& tree) {
        tree.memory(2 * GiB, GiB, {0}).memory(32 * GiB, GiB, {1});
        tree.cpus({{0, {0}}});
      },
      GiB);
  EXPECT_EQ(outside.flaw(), nullptr);
  EXPECT_EQ(outside.nodes(), 1u);
}

}  // namespace
