// The log's ring, written by several CPUs while others read it: every line is whole, and in its writer's order.
#include "kernel/diag/log.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "tests/unit/threads/machine.hpp"

namespace {

constexpr int kWriters = 3;
constexpr int kLines = 3000;

void read_all(u64& next, int (&last)[kWriters]) {
  diag::LogLine line;
  while (diag::read_log(next, line)) {
    next = line.sequence + 1;
    const std::string text(line.text, line.length);
    int writer = 0, number = 0, tail = 0;
    ASSERT_EQ(std::sscanf(text.c_str(), "test: writer %d line %d %*[x] end %d", &writer, &number, &tail), 3) << text;
    ASSERT_TRUE(writer >= 0 && writer < kWriters && tail == number) << text;
    ASSERT_GT(number, last[writer]);
    last[writer] = number;
  }
}

TEST(Log, LinesAreWholeAndInOrder) {
  diag::set_console_level(0);
  const u64 first = diag::next_log_sequence();
  test::together(kWriters + 2, [&](int number) {
    if (number < kWriters) {
      for (int line = 0; line < kLines; ++line) {
        const std::string filling(static_cast<usize>(1 + line % 60), 'x');
        diag::log(HAL_LOG_INFO, "test", "writer %d line %d %s end %d", number, line, filling.c_str(), line);
      }
    } else {
      u64 next = first;
      int last[kWriters] = {-1, -1, -1};
      while (diag::next_log_sequence() < first + u64{kWriters} * kLines) read_all(next, last);
      read_all(next, last);
      EXPECT_EQ(next, first + u64{kWriters} * kLines);  // older lines may have been overwritten
    }
  });
}

}  // namespace
