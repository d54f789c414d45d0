// Memory policies: what set_mempolicy(2) takes and refuses, and which nodes come first.
#include "kernel/lib/memory_policy.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using lib::MemoryPolicy;
using Mode = MemoryPolicy::Mode;

constexpr lib::NodeSet kAvailable = 0b10110;  // nodes 1, 2 and 4 have memory

Result<MemoryPolicy> make(Mode mode, lib::NodeSet nodes, u32 flags = 0) {
  return MemoryPolicy::make(static_cast<u32>(mode) | flags, nodes, kAvailable);
}

std::vector<u8> order(const MemoryPolicy& policy, std::vector<u8> near) {
  std::vector<u8> result(near.size());
  result.resize(policy.order(near, result));
  return result;
}

TEST(MemoryPolicy, DefaultAndLocalNameNoNodes) {
  EXPECT_TRUE(make(Mode::Default, 0)->is_default());
  EXPECT_FALSE(make(Mode::Default, 2));
  EXPECT_FALSE(make(Mode::Local, 2));
  EXPECT_FALSE(make(Mode::Local, 0, MemoryPolicy::kStaticNodes));
  EXPECT_EQ(make(Mode::Preferred, 0)->mode(), Mode::Local);
  EXPECT_FALSE(make(Mode::Preferred, 0, MemoryPolicy::kRelativeNodes));
  EXPECT_EQ(make(Mode::Local, 0)->allowed_nodes(), ~lib::NodeSet{0});
}

TEST(MemoryPolicy, NodesWithoutMemoryDoNotCount) {
  EXPECT_EQ(make(Mode::Bind, 0b11)->shown_nodes(), 0b10u);
  EXPECT_FALSE(make(Mode::Bind, 0b1));
  EXPECT_FALSE(make(Mode::Interleave, 0b1000));
  const auto fixed = make(Mode::Bind, 0b11, MemoryPolicy::kStaticNodes);
  EXPECT_EQ(fixed->shown_nodes(), 0b11u);
  EXPECT_EQ(fixed->allowed_nodes(), 0b10u);
  EXPECT_EQ(fixed->mode_and_flags(), static_cast<u32>(Mode::Bind) | MemoryPolicy::kStaticNodes);
}

TEST(MemoryPolicy, RelativeNodesAreCountedAmongThoseWithMemory) {
  EXPECT_EQ(make(Mode::Bind, 0b1, MemoryPolicy::kRelativeNodes)->allowed_nodes(), 0b10u);
  EXPECT_EQ(make(Mode::Bind, 0b101, MemoryPolicy::kRelativeNodes)->allowed_nodes(), 0b10010u);
  EXPECT_EQ(make(Mode::Bind, 0b1000, MemoryPolicy::kRelativeNodes)->allowed_nodes(), 0b10u);  // round again
}

TEST(MemoryPolicy, UnknownModesAndFlagsAreRefused) {
  EXPECT_FALSE(MemoryPolicy::make(6, 2, kAvailable));
  EXPECT_FALSE(MemoryPolicy::make(2 | 1 << 13, 2, kAvailable));  // balancing, which we do not do
  EXPECT_FALSE(make(Mode::Bind, 2, MemoryPolicy::kStaticNodes | MemoryPolicy::kRelativeNodes));
}

TEST(MemoryPolicy, InterleavedPagesGoRound) {
  const MemoryPolicy policy = *make(Mode::Interleave, 0b10110);
  const u32 expected[] = {1, 2, 4, 1, 2, 4, 1};
  for (u64 turn = 0; turn < std::size(expected); ++turn) EXPECT_EQ(policy.home(0, turn), expected[turn]);
  EXPECT_EQ(policy.home(3, ~u64{0}), lib::nth_node(0b10110, ~u64{0}));
}

TEST(MemoryPolicy, OrdersOfNodes) {
  const std::vector<u8> near = {3, 1, 0, 4, 2};
  EXPECT_EQ(order(MemoryPolicy(), near), near);
  EXPECT_EQ(order(*make(Mode::Bind, 0b10110), near), (std::vector<u8>{1, 4, 2}));
  EXPECT_EQ(order(*make(Mode::PreferredMany, 0b10100), near), (std::vector<u8>{4, 2, 3, 1, 0}));
  EXPECT_EQ(order(*make(Mode::Interleave, 0b10100), near), near);
  const MemoryPolicy preferred = *make(Mode::Preferred, 0b10100);
  EXPECT_EQ(preferred.home(0, 7), 2u);
  EXPECT_EQ(preferred.shown_nodes(), 0b100u);
  EXPECT_EQ(order(preferred, near), near);
}

}  // namespace
