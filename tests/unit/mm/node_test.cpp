// Zones of several nodes on a machine of the test's: three nodes with RAM on both sides of 4 GiB, one without.
#include "kernel/mm/node.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <vector>

#include "hal/smp.hpp"

namespace {

using lib::BootMemory;
using lib::NumaTopology;

constexpr u64 kEnd = 6 * GiB;  // of what has an address
constexpr u64 kZone = 8 * MiB;

BootMemory g_memory;
NumaTopology g_numa;

// Node 0: 1 GiB and 5 GiB; 1: 2 GiB; 2: no memory; 3: 3 GiB and 4 GiB. 3 is nearer to 0 than 1 is; 2 is nearest to 1.
void describe() {
  const auto add = [](u64 base, u32 node) {
    g_memory.add_ram(base, kZone);
    g_numa.add_memory(base, kZone, node);
  };
  add(1 * GiB, 0);
  add(5 * GiB, 0);
  add(2 * GiB, 1);
  add(3 * GiB, 3);
  add(4 * GiB, 3);
  for (u32 cpu = 0; cpu < 4; ++cpu) g_numa.add_cpu(100 + cpu, cpu);
  g_numa.number_nodes(g_memory.ram());
  const u8 matrix[4][4] = {{10, 30, 40, 20}, {30, 10, 20, 40}, {40, 20, 10, 30}, {20, 40, 30, 10}};
  for (u32 from = 0; from < 4; ++from) {
    for (u32 to = 0; to < 4; ++to) g_numa.set_distance(from, to, matrix[from][to]);
  }
  g_numa.finish();
}

void map(VirtAddr at, u64 size) {
  void* wanted = reinterpret_cast<void*>(at);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE;
  if (mmap(wanted, size, PROT_READ | PROT_WRITE, flags, -1, 0) != wanted) std::abort();
}

class NodeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    map(hal::arch::kDirectMapBase, kEnd);
    map(hal::arch::kFrameTableBase, (kEnd >> kPageShift) * sizeof(mm::PageFrame));
    describe();
    ASSERT_EQ(g_numa.flaw(), nullptr);
    mm::init_nodes(g_numa, g_memory);
    for (const auto& range : g_memory.free()) {
      mm::Node& node = mm::node(mm::node_of_address({range.base}));
      (range.base < mm::kBoundary32 ? node.below : node.above).add_range({range.base}, {range.end});
    }
    all_free_ = mm::free_in_zones();
  }
  void TearDown() override {
    mm::free_many(taken_.data(), taken_.size());
    EXPECT_EQ(mm::free_in_zones(), all_free_);
  }

  // The node of a frame taken for `near`, or -1.
  int take(u32 near, bool below_4g = false) {
    mm::PageFrame* frame = mm::allocate_near(near, 0, below_4g);
    if (frame == nullptr) return -1;
    taken_.push_back(frame);
    return frame->node;
  }
  // All that a zone has.
  void drain(mm::Zone& zone) {
    while (mm::PageFrame* frame = zone.allocate(0)) taken_.push_back(frame);
  }

  std::vector<mm::PageFrame*> taken_;
  static inline u64 all_free_ = 0;
};

TEST_F(NodeTest, EachNodeHasItsOwnMemory) {
  ASSERT_EQ(mm::node_count(), 4u);
  EXPECT_EQ(mm::node(2).total_frames(), 0u);
  // The nodes themselves lie in boot memory, in their own part where they have one; that of 2 lies at the top, in 0's.
  EXPECT_EQ(mm::node(0).total_frames(), 2 * kZone / kPageSize - 1);
  EXPECT_LT(mm::node(1).total_frames(), kZone / kPageSize);
  EXPECT_LT(mm::node(3).total_frames(), 2 * kZone / kPageSize);
  for (u32 node : {0u, 1u, 3u}) {
    mm::PageFrame* frame = mm::node(node).below.allocate(0);
    EXPECT_EQ(frame->node, node);
    EXPECT_EQ(&mm::zone_of(frame), &mm::node(node).below);
    taken_.push_back(frame);
  }
}

TEST_F(NodeTest, ProcessorsAreInTheirNodes) {
  EXPECT_EQ(mm::node_of_cpu(1), 1u);
  EXPECT_EQ(mm::node_of_cpu(2), 2u);
  EXPECT_EQ(mm::node_of_cpu(77), 0u);  // firmware does not know it
  EXPECT_EQ(mm::nearest_memory(3), 3u);
  EXPECT_EQ(mm::nearest_memory(2), 1u);
  EXPECT_EQ(mm::node_distance(0, 3), 20);
}

TEST_F(NodeTest, TheNearestNodeThatHasFramesGives) {
  EXPECT_EQ(take(0), 0);
  EXPECT_EQ(take(2), 1);                                        // it has none itself
  EXPECT_GE(mm::address_of(taken_[0]).value, mm::kBoundary32);  // what any device can reach is kept for later
  drain(mm::node(0).above);
  EXPECT_EQ(take(0), 0);
  drain(mm::node(0).below);
  EXPECT_EQ(take(0), 3);
  drain(mm::node(3).above);
  drain(mm::node(3).below);
  EXPECT_EQ(take(0), 1);
  drain(mm::node(1).below);
  EXPECT_EQ(take(0), -1);
}

TEST_F(NodeTest, Below4GiBMeansIt) {
  EXPECT_EQ(take(3, true), 3);
  EXPECT_LT(mm::address_of(taken_[0]).value, mm::kBoundary32);
  drain(mm::node(3).below);
  EXPECT_EQ(take(3, true), 0);  // though node 3 has memory above
  EXPECT_EQ(take(3), 3);
}

TEST_F(NodeTest, LargeBlocksComeFromAnywhereThatHasThem) {
  drain(mm::node(1).below);
  mm::PageFrame* block = mm::allocate_near(1, mm::kMaxOrder, false);
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->node, 0);  // 2 is nearer and empty
  mm::zone_of(block).free(block, mm::kMaxOrder);
}

TEST_F(NodeTest, ManyFramesAtOnceAreOfOneZoneAndFindTheirWayBack) {
  mm::PageFrame* frames[32];
  EXPECT_EQ(mm::allocate_many_near(1, frames, 32), 32u);
  for (const mm::PageFrame* frame : frames) EXPECT_EQ(frame->node, 1);
  taken_.assign(frames, frames + 32);
  drain(mm::node(1).below);
  EXPECT_EQ(mm::allocate_many_near(1, frames, 32), 32u);
  for (const mm::PageFrame* frame : frames) EXPECT_EQ(frame->node, 0);
  taken_.insert(taken_.begin() + 5, frames, frames + 32);  // mixed: TearDown gives them back in one go
  EXPECT_EQ(take(3), 3);
}

}  // namespace

// What zones and nodes need of the rooms that are not compiled here.
namespace mm {
bool is_ram(PhysAddr address) { return g_memory.ram().contains(address.value); }
}  // namespace mm
namespace hal {
u64 cpu_hardware_id(u32 cpu) { return 100 + cpu; }
}  // namespace hal
namespace sync {
void preempt_now() {}
}  // namespace sync
namespace diag {
void assertion_failed(const char*, const char*, const char*, int) { std::abort(); }
}  // namespace diag
