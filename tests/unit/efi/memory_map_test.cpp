// The firmware's memory map, and its clock.
#include "kernel/lib/efi/memory_map.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "kernel/lib/efi/time.hpp"

namespace {

using namespace lib::efi;

MemoryDescriptor entry(MemoryType type, u64 base, u64 pages, u64 attributes = kWriteBack) {
  return {.type = type, .base = base, .pages = pages, .attributes = attributes};
}

MemoryMap map_of(const std::vector<MemoryDescriptor>& entries) {
  return {{reinterpret_cast<const u8*>(entries.data()), entries.size() * sizeof(MemoryDescriptor)},
          sizeof(MemoryDescriptor)};
}

const std::vector<MemoryDescriptor> kEntries = {entry(MemoryType::Conventional, 0x4000'0000, 16),
                                                entry(MemoryType::AcpiReclaim, 0x4001'0000, 2),
                                                entry(MemoryType::RuntimeServicesData, 0x4001'2000, 1),
                                                entry(MemoryType::Conventional, 0x900'0000, 1, 1),
                                                entry(MemoryType::Unusable, 0x4001'3000, 1),
                                                entry(MemoryType::Conventional, ~u64{0} - 0xfff, 9),
                                                entry(MemoryType::BootServicesData, 0x5000'0000, 0)};

TEST(EfiMemory, RamIsWhatNobodyNeeds) {
  u64 bytes = 0;
  for_each_ram(map_of(kEntries), [&](u64 base, u64 size) {
    EXPECT_EQ(base, 0x4000'0000u);
    bytes += size;
  });
  EXPECT_EQ(bytes, 16 * kPageSize);
}

TEST(EfiMemory, WhatMayBeRead) {
  const MemoryMap map = map_of(kEntries);
  EXPECT_TRUE(covers(map, 0x4000'0000, 19 * kPageSize)) << "from one entry into the next";
  EXPECT_TRUE(covers(map, 0x4001'2fff, 1));
  EXPECT_FALSE(covers(map, 0x4001'2fff, 2));
  EXPECT_FALSE(covers(map, 0x3fff'ffff, 2));
  EXPECT_FALSE(covers(map, 0x900'0000, 4)) << "registers";
  EXPECT_FALSE(covers(map, 0x4000'0000, ~u64{0}));
  EXPECT_FALSE(covers(map, ~u64{0}, 1));
  EXPECT_FALSE(covers({}, 0x4000'0000, 1));
}

TEST(EfiMemory, StepsThatAreWrong) {
  for (const usize step : {usize{0}, usize{39}, usize{44}, usize{1} << 60}) {
    MemoryMap map = map_of(kEntries);
    map.step = step;
    EXPECT_FALSE(covers(map, 0x4000'0000, 1)) << step;
  }
}

Time at(u16 year, u8 month, u8 day, u8 hour = 0, u8 minute = 0, u8 second = 0, i16 zone = 2047) {
  return {.year = year, .month = month, .day = day, .hour = hour, .minute = minute, .second = second, .zone = zone};
}

TEST(EfiTime, AsSecondsSince1970) {
  EXPECT_EQ(seconds_since_1970(at(1970, 1, 1, 0, 0, 1)), 1u);
  EXPECT_EQ(seconds_since_1970(at(2000, 2, 29, 12)), 951'825'600u);
  EXPECT_EQ(seconds_since_1970(at(2000, 3, 1)), 951'868'800u);
  EXPECT_EQ(seconds_since_1970(at(2026, 11, 21, 19, 30)), 1'795'289'400u);
  EXPECT_EQ(seconds_since_1970(at(2100, 3, 1)), 4'107'542'400u) << "no leap year";
  EXPECT_EQ(seconds_since_1970(at(2000, 1, 1, 0, 0, 0, 60)), 946'688'400u) << "UTC is an hour ahead";
  EXPECT_EQ(seconds_since_1970(at(2000, 1, 1, 0, 0, 0, -60)), 946'681'200u);
}

TEST(EfiTime, WhatIsNone) {
  for (const Time& time : {Time{}, at(1969, 12, 31), at(2000, 13, 1), at(2000, 1, 0), at(2000, 1, 1, 24),
                           at(2000, 1, 1, 0, 60), at(2000, 1, 1, 0, 0, 60), at(1970, 1, 1, 0, 0, 0, -60)}) {
    EXPECT_EQ(seconds_since_1970(time), 0u);
  }
}

}  // namespace
