#include "kernel/lib/format.hpp"

#include <gtest/gtest.h>

#include <climits>
#include <cstdio>

namespace {

// The C library's printf is the referee.
template <class... Arguments>
void expect_same(const char* format, Arguments... arguments) {
  char ours[256], theirs[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
  const usize length = lib::format_into(ours, sizeof(ours), format, arguments...);
  const int wanted = std::snprintf(theirs, sizeof(theirs), format, arguments...);
#pragma GCC diagnostic pop
  EXPECT_STREQ(ours, theirs) << format;
  EXPECT_EQ(length, static_cast<usize>(wanted)) << format;
}

TEST(Format, AgreesWithPrintf) {
  expect_same("plain");
  expect_same("%d %i %u", INT_MIN, INT_MAX, UINT_MAX);
  expect_same("%ld %lld %zu", LONG_MIN, LLONG_MAX, ~static_cast<size_t>(0));
  expect_same("%x %X %#x %o", 0xdeadbeefu, 0xdeadbeefu, 255u, 8u);
  expect_same("[%5d] [%-5d] [%05d]", 42, 42, 42);
  expect_same("[%8s] [%-8s] [%.2s]", "abc", "abc", "abc");
  expect_same("[%.5d] [%8.3d] [%*d]", 42, 42, 7, 42);
  expect_same("%c%c%%", 'a', 'b');
  expect_same("%hhd %hd", 300, 70000);
  expect_same("%016lx", 0x1234ul);
}

TEST(Format, CutsAtTheEnd) {
  char buffer[8];
  EXPECT_EQ(lib::format_into(buffer, sizeof(buffer), "%s", "much too long"), 7u);
  EXPECT_STREQ(buffer, "much to");
  EXPECT_EQ(lib::format_into(buffer, 0, "x"), 0u);
}

}  // namespace
