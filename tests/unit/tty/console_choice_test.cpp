#include "kernel/tty/console_choice.hpp"

#include <gtest/gtest.h>

namespace {

std::string choice(std::string_view words, bool has_screen = true) {
  const tty::ConsoleChoice made = tty::choose_console(lib::CommandLine(words), has_screen);
  return std::string(made.log_to_serial ? "serial " : "") + (made.log_to_screen ? "screen " : "") +
         (made.console_is_screen ? "tty1" : "ttyS0");
}

TEST(ConsoleChoice, WithoutAWordTheLogGoesEverywhereAndTheConsoleIsSerial) {
  EXPECT_EQ(choice("root=/dev/vda quiet"), "serial screen ttyS0");
  EXPECT_EQ(choice("", false), "serial ttyS0");
}

TEST(ConsoleChoice, TheLastOneNamedIsTheConsole) {
  EXPECT_EQ(choice("console=tty0"), "screen tty1");
  EXPECT_EQ(choice("console=ttyS0,115200n8"), "serial ttyS0");
  EXPECT_EQ(choice("console=ttyS0 console=tty1"), "serial screen tty1");
  EXPECT_EQ(choice("console=tty0 console=ttyS0"), "serial screen ttyS0");
}

TEST(ConsoleChoice, WhatIsNotThereIsNotTaken) {
  EXPECT_EQ(choice("console=tty0", false), "serial ttyS0");
  EXPECT_EQ(choice("console=ttyS0 console=tty0", false), "serial ttyS0");
  EXPECT_EQ(choice("console=lp0 console=tty7"), "serial screen ttyS0");
}

}  // namespace
