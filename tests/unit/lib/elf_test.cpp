#include "kernel/lib/elf.hpp"

#include <gtest/gtest.h>

namespace {

using namespace lib::elf;

Header good() {
  Header header{};
  const u8 identification[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  memcpy(header.identification, identification, sizeof(identification));
  header.type = kExecutable;
  header.machine = 62;
  header.program_header_size = sizeof(ProgramHeader);
  header.program_header_count = 1;
  return header;
}

ProgramHeader segment(u64 address, u64 file_size, u64 memory_size) {
  ProgramHeader header{};
  header.type = kLoad;
  header.address = address;
  header.offset = address & kPageMask;
  header.file_size = file_size;
  header.memory_size = memory_size;
  return header;
}

TEST(Elf, HeaderFieldsAreChecked) {
  EXPECT_TRUE(check(good(), 62));
  EXPECT_FALSE(check(good(), 183));
  Header bad = good();
  bad.identification[4] = 1;
  EXPECT_FALSE(check(bad, 62));
  bad = good();
  bad.type = 1;
  EXPECT_FALSE(check(bad, 62));
  bad = good();
  bad.program_header_count = kMaxProgramHeaders + 1;
  EXPECT_FALSE(check(bad, 62));
  bad = good();
  bad.program_header_size = 32;
  EXPECT_FALSE(check(bad, 62));
}

TEST(Elf, ExtentOfSegments) {
  const ProgramHeader list[] = {segment(0x400010, 0x100, 0x100), segment(0x402000, 0x10, 0x3000)};
  const auto extent = extent_of(list);
  ASSERT_TRUE(extent);
  EXPECT_EQ(extent->start, 0x400000u);
  EXPECT_EQ(extent->end, 0x405000u);
}

TEST(Elf, BadSegmentsAreRefused) {
  const ProgramHeader overlap[] = {segment(0x400000, 0x2000, 0x2000), segment(0x401000, 1, 1)};
  EXPECT_FALSE(extent_of(overlap));
  const ProgramHeader larger[] = {segment(0x400000, 0x2000, 0x1000)};
  EXPECT_FALSE(extent_of(larger));
  const ProgramHeader wraps[] = {segment(~u64{0} - 0xfff, 0, ~u64{0})};
  EXPECT_FALSE(extent_of(wraps));
  ProgramHeader skewed[] = {segment(0x400123, 1, 1)};
  skewed[0].offset = 0;
  EXPECT_FALSE(extent_of(skewed));
  EXPECT_FALSE(extent_of({}));
}

}  // namespace
