#include "kernel/lib/command_line.hpp"

#include <gtest/gtest.h>

namespace {

TEST(CommandLine, FindsWordsAndValues) {
  const lib::CommandLine line("quiet root=/dev/vda  mem=64M panic=-1 x=\"a b\" root=/dev/vdb");
  EXPECT_TRUE(line.has("quiet"));
  EXPECT_FALSE(line.has("qui"));
  EXPECT_FALSE(line.has("root"));
  EXPECT_EQ(line.value("root"), "/dev/vdb");
  EXPECT_EQ(line.value("x"), "a b");
  EXPECT_EQ(line.number("panic"), -1);
  EXPECT_EQ(line.size("mem"), 64u * 1024 * 1024);
  EXPECT_FALSE(line.value("none").has_value());
}

TEST(CommandLine, NumbersInAllForms) {
  EXPECT_EQ(lib::parse_number("0x1F"), 31u);
  EXPECT_EQ(lib::parse_number("017"), 15u);
  EXPECT_EQ(lib::parse_number("18446744073709551615"), ~u64{0});
  for (const char* bad : {"", "0x", "12a", "08", "18446744073709551616", "-1", " 1"}) {
    EXPECT_FALSE(lib::parse_number(bad).has_value()) << bad;
  }
  EXPECT_FALSE(lib::CommandLine("mem=99999999999999G").size("mem").has_value());
}

}  // namespace
