// The topology itself: numbering, flaws, distances, order.
#include "kernel/lib/numa.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using lib::BootMemory;
using lib::NumaTopology;

BootMemory ram(u64 size = 16 * GiB) {
  BootMemory memory;
  memory.add_ram(0, size);
  return memory;
}

std::vector<u32> order(const NumaTopology& numa, u32 node) {
  std::vector<u8> bytes(numa.nodes());
  numa.order_by_distance(node, bytes);
  return {bytes.begin(), bytes.end()};
}

TEST(Numa, OneNodeWhereNobodySaysAnything) {
  NumaTopology numa;
  numa.number_nodes(ram().ram());
  numa.finish();
  EXPECT_EQ(numa.nodes(), 1u);
  EXPECT_EQ(numa.flaw(), nullptr);
  EXPECT_EQ(numa.node_of_memory(5 * GiB), 0u);
  EXPECT_EQ(numa.node_of_cpu(0), -1);
  EXPECT_EQ(numa.next_boundary(0), ~u64{0});
  EXPECT_EQ(order(numa, 0), std::vector<u32>{0});
}

TEST(Numa, SparseDomainsBecomeDenseNodesInTheirOrder) {
  NumaTopology numa;
  numa.add_memory(4 * GiB, 4 * GiB, 0xffff'fff0);
  numa.add_memory(0, 2 * GiB, 7);
  numa.add_memory(2 * GiB, 2 * GiB, 900);
  numa.add_cpu(3, 900);
  numa.add_cpu(9, 12);  // a node without memory
  numa.number_nodes(ram().ram());
  numa.finish();
  ASSERT_EQ(numa.nodes(), 4u);
  EXPECT_EQ(numa.node_of_domain(7), 0);
  EXPECT_EQ(numa.node_of_domain(12), 1);
  EXPECT_EQ(numa.node_of_domain(0xffff'fff0), 3);
  EXPECT_EQ(numa.node_of_domain(8), -1);
  EXPECT_EQ(numa.node_of_memory(3 * GiB), 2u);
  EXPECT_EQ(numa.node_of_memory(4 * GiB), 3u);
  EXPECT_EQ(numa.node_of_cpu(3), 2);
  EXPECT_EQ(numa.node_of_cpu(9), 1);
  EXPECT_EQ(numa.next_boundary(0), 2 * GiB);
  EXPECT_EQ(numa.next_boundary(2 * GiB), 4 * GiB);
  EXPECT_EQ(numa.next_boundary(4 * GiB), ~u64{0});
}

TEST(Numa, RangesWithoutRamDoNotCount) {
  NumaTopology numa;
  numa.add_memory(0, GiB, 0);
  numa.add_memory(64 * GiB, GiB, 5);  // room for more memory
  numa.add_memory(GiB, 0, 6);
  numa.number_nodes(ram().ram());
  EXPECT_EQ(numa.nodes(), 1u);
  EXPECT_EQ(numa.flaw(), nullptr);
  EXPECT_EQ(numa.node_of_memory(15 * GiB), 0u);  // what no range claims
}

TEST(Numa, RangesOfOneDomainMergeAndThoseOfTwoMustNotOverlap) {
  NumaTopology numa;
  numa.add_memory(GiB, 2 * GiB, 0);
  numa.add_memory(0, 2 * GiB, 0);
  numa.add_memory(3 * GiB, GiB, 1);
  numa.number_nodes(ram().ram());
  ASSERT_EQ(numa.flaw(), nullptr);
  ASSERT_EQ(numa.ranges().size(), 2u);
  EXPECT_EQ(numa.ranges()[0].end, 3 * GiB);

  NumaTopology wrong;
  wrong.add_memory(0, 2 * GiB, 0);
  wrong.add_memory(GiB, 2 * GiB, 1);
  wrong.add_cpu(1, 1);
  wrong.number_nodes(ram().ram());
  wrong.finish();
  EXPECT_STREQ(wrong.flaw(), "ranges of memory of two nodes overlap");
  EXPECT_EQ(wrong.nodes(), 1u);
  EXPECT_EQ(wrong.node_of_cpu(1), -1);
  EXPECT_EQ(wrong.node_of_memory(2 * GiB), 0u);
}

TEST(Numa, WhatCannotBeIsRejected) {
  NumaTopology endless;
  endless.add_memory(~u64{0} - kPageSize, 2 * kPageSize, 0);
  EXPECT_STREQ(endless.flaw(), "a range of memory ends behind the last address");
  endless.add_memory(0, GiB, 1);
  endless.number_nodes(ram().ram());
  EXPECT_EQ(endless.nodes(), 1u);

  NumaTopology nowhere;
  nowhere.add_memory(64 * GiB, GiB, 1);
  nowhere.add_cpu(0, 1);
  nowhere.number_nodes(ram().ram());
  EXPECT_STREQ(nowhere.flaw(), "no node has memory");

  NumaTopology twice;
  twice.add_cpu(4, 0);
  twice.add_cpu(4, 0);
  EXPECT_EQ(twice.flaw(), nullptr);
  twice.add_cpu(4, 1);
  EXPECT_STREQ(twice.flaw(), "a CPU is in two nodes");
}

TEST(Numa, TheLastPageOfTheAddressSpace) {
  NumaTopology numa;
  numa.add_memory(0, GiB, 0);
  numa.add_memory(GiB, ~u64{0} - GiB + 1, 1);
  numa.number_nodes(ram().ram());
  EXPECT_EQ(numa.flaw(), nullptr);
  EXPECT_EQ(numa.nodes(), 2u);
  EXPECT_EQ(numa.node_of_memory(~u64{0}), 1u);
}

TEST(Numa, BoundariesInsideAPageGoToItsStart) {
  NumaTopology numa;
  numa.add_memory(0, GiB + 100, 0);
  numa.add_memory(GiB + 100, GiB, 1);
  numa.number_nodes(ram().ram());
  ASSERT_EQ(numa.flaw(), nullptr);
  EXPECT_EQ(numa.next_boundary(0), GiB);
  EXPECT_EQ(numa.node_of_memory(GiB), 1u);
}

NumaTopology square(u32 nodes) {
  NumaTopology numa;
  for (u32 i = 0; i < nodes; ++i) numa.add_memory(i * GiB, GiB, i);
  numa.number_nodes(ram(nodes * GiB).ram());
  return numa;
}

TEST(Numa, DistancesAreBelievedAsAWholeOrNotAtAll) {
  NumaTopology usual = square(2);
  usual.finish();
  EXPECT_EQ(usual.distance(0, 0), 10);
  EXPECT_EQ(usual.distance(0, 1), 20);

  for (const auto& [from, to, distance] : {std::array<u32, 3>{0, 0, 11}, {0, 1, 9}, {1, 0, 256}, {0, 1, 0}}) {
    NumaTopology numa = square(2);
    numa.set_distance(from, to, distance);
    numa.finish();
    EXPECT_NE(numa.flaw(), nullptr) << distance;
    EXPECT_EQ(numa.nodes(), 1u);
  }

  NumaTopology half = square(2);
  half.set_distance(0, 1, 30);
  half.finish();
  EXPECT_STREQ(half.flaw(), "two nodes have no distance from one another");

  NumaTopology mirrored = square(2);
  mirrored.set_distance(0, 1, 30);
  mirrored.mirror_distances();
  mirrored.finish();
  EXPECT_EQ(mirrored.flaw(), nullptr);
  EXPECT_EQ(mirrored.distance(1, 0), 30);
  EXPECT_EQ(mirrored.distance(1, 1), 10);
}

TEST(Numa, OrderByDistance) {
  NumaTopology numa = square(4);
  const u8 matrix[4][4] = {{10, 40, 20, 30}, {40, 10, 30, 20}, {20, 30, 10, 10}, {255, 20, 255, 10}};
  for (u32 from = 0; from < 4; ++from) {
    for (u32 to = 0; to < 4; ++to) numa.set_distance(from, to, matrix[from][to]);
  }
  numa.finish();
  ASSERT_EQ(numa.flaw(), nullptr);
  EXPECT_EQ(order(numa, 0), (std::vector<u32>{0, 2, 3, 1}));
  EXPECT_EQ(order(numa, 1), (std::vector<u32>{1, 3, 2, 0}));
  EXPECT_EQ(order(numa, 2), (std::vector<u32>{2, 3, 0, 1}));  // itself first, even where another is as near
  EXPECT_EQ(order(numa, 3), (std::vector<u32>{3, 1, 0, 2}));
  // Where all are equal each begins with its neighbour.
  NumaTopology equal = square(4);
  equal.finish();
  EXPECT_EQ(order(equal, 2), (std::vector<u32>{2, 3, 0, 1}));
}

TEST(Numa, MoreThanFits) {
  NumaTopology numa;
  for (u32 i = 0; i < 80; ++i) numa.add_memory(i * 64 * MiB, 64 * MiB, 1000 + i);
  for (u32 i = 0; i < 300; ++i) numa.add_cpu(i, 1000 + i % 80);
  numa.number_nodes(ram().ram());
  numa.finish();
  EXPECT_EQ(numa.flaw(), nullptr);
  EXPECT_EQ(numa.nodes(), NumaTopology::kMaxNodes);
  EXPECT_GT(numa.dropped(), 16u + 44u);
  EXPECT_EQ(numa.node_of_memory(79 * 64 * MiB), 63u);  // counts with the last range that fits
  EXPECT_EQ(numa.node_of_cpu(70), -1);
  EXPECT_EQ(numa.node_of_cpu(5), 5);

  NumaTopology ranges;
  for (u32 i = 0; i < 300; ++i) ranges.add_memory(i * 2 * MiB, MiB, i % 2);
  ranges.number_nodes(ram().ram());
  EXPECT_EQ(ranges.ranges().size(), NumaTopology::kMaxRanges);
  EXPECT_EQ(ranges.dropped(), 300u - NumaTopology::kMaxRanges);
  EXPECT_EQ(ranges.nodes(), 2u);
}

}  // namespace
