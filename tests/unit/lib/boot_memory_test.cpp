#include "kernel/lib/boot_memory.hpp"

#include <gtest/gtest.h>

namespace {

using lib::BootMemory;

TEST(BootMemory, MergesAndTrimsRam) {
  BootMemory memory;
  memory.add_ram(0x1000, 0x1000);
  memory.add_ram(0x2000, 0x1800);  // half a page at the end is lost
  memory.add_ram(0x10010, 0x2000);
  ASSERT_EQ(memory.ram().size(), 2u);
  EXPECT_EQ(memory.ram().begin()[0].base, 0x1000u);
  EXPECT_EQ(memory.ram().begin()[0].end, 0x3000u);
  EXPECT_EQ(memory.ram().begin()[1].base, 0x11000u);
  EXPECT_EQ(memory.ram().begin()[1].end, 0x12000u);
}

TEST(BootMemory, ReservationsSplitWhatIsFree) {
  BootMemory memory;
  memory.add_ram(0x10000, 0x10000);
  memory.reserve(0x14800, 0x10);
  EXPECT_EQ(memory.free_bytes(), 0x10000u - 0x1000u);
  EXPECT_EQ(memory.free().size(), 2u);
  EXPECT_FALSE(memory.free().contains(0x14000));
  EXPECT_TRUE(memory.ram().contains(0x14000));
}

TEST(BootMemory, AllocatesFromTheTopAligned) {
  BootMemory memory;
  memory.add_ram(0x100000, 0x400000);
  EXPECT_EQ(memory.allocate(1), 0x4ff000u);
  EXPECT_EQ(memory.allocate(512, 0x200000), 0x200000u);
  EXPECT_EQ(memory.allocate(1, 0x1000, 0x180000), 0x17f000u);
  EXPECT_EQ(memory.allocate(100000), 0u);
  EXPECT_EQ(memory.allocate(1, 0x1000, 0x140000, 0x130000), 0x13f000u);
  EXPECT_EQ(memory.allocate(17, 0x1000, 0x140000, 0x130000), 0u);  // not that many between the two
}

TEST(BootMemory, NeverGivesOutTheSamePageTwice) {
  BootMemory memory;
  memory.add_ram(0x100000, 64 * kPageSize);
  std::vector<bool> seen(64);
  for (int i = 0; i < 64; ++i) {
    const u64 page = memory.allocate(1);
    ASSERT_NE(page, 0u);
    const usize index = (page - 0x100000) / kPageSize;
    ASSERT_FALSE(seen[index]);
    seen[index] = true;
  }
  EXPECT_EQ(memory.allocate(1), 0u);
}

TEST(BootMemory, FullTableLosesRamButNeverReservesLess) {
  BootMemory memory;
  memory.add_ram(0x100000, 1 << 30);
  for (u64 i = 0; i < 2 * BootMemory::kMaxRanges; ++i) memory.reserve(0x100000 + i * 0x4000, 0x1000);
  EXPECT_GT(memory.dropped(), 0u);
  for (u64 i = 0; i < 2 * BootMemory::kMaxRanges; ++i) EXPECT_FALSE(memory.free().contains(0x100000 + i * 0x4000));
}

TEST(BootMemory, LimitAndHugeSizes) {
  BootMemory memory;
  memory.add_ram(0x1000, ~u64{0});
  memory.limit_ram(0x100000);
  EXPECT_EQ(memory.ram_bytes(), 0x100000u - 0x1000u);
  memory.reserve(0x2000, ~u64{0});
  EXPECT_EQ(memory.free_bytes(), 0x1000u);
}

}  // namespace
