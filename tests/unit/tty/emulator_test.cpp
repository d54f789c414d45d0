#include "kernel/tty/screen/emulator.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace {

using tty::Cell;
using tty::Emulator;

struct EmulatorTest : testing::Test {
  EmulatorTest() { EXPECT_TRUE(screen.create(5, 10)); }

  // A row as text, without blanks at its end; what is no ASCII as '?'.
  std::string row(u32 number) const {
    std::string text;
    for (const Cell& cell : screen.cells().row(number)) text += cell.code < 0x80 ? static_cast<char>(cell.code) : '?';
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  std::string all() const {
    std::string text;
    for (u32 i = 0; i < screen.cells().rows(); ++i) text += row(i) + "|";
    return text;
  }
  Cell cell(u32 row, u32 column) const { return screen.cells().row(row)[column]; }
  std::string answers() {
    char text[64];
    return {text, screen.take_answers(text, sizeof(text))};
  }
  void at(u32 row, u32 column) const {
    EXPECT_EQ(screen.row(), row);
    EXPECT_EQ(screen.column(), column);
  }
  Emulator screen;
};

TEST_F(EmulatorTest, TextAndControls) {
  screen.write("ab\bc\r\nd\te\n");
  EXPECT_EQ(row(0), "ac");
  EXPECT_EQ(row(1), "d       e");
  at(2, 9);
}

TEST_F(EmulatorTest, TheLastColumnWrapsWithTheNextCharacter) {
  screen.write("0123456789");
  at(0, 9);
  screen.write("\r\n");
  at(1, 0);
  screen.write("0123456789x");
  EXPECT_EQ(row(2), "x");
  at(2, 1);
}

TEST_F(EmulatorTest, WithoutWrapTheLastColumnIsOverwritten) {
  screen.write("\x1b[?7l0123456789xyz\x1b[?7h");
  EXPECT_EQ(row(0), "012345678z");
  EXPECT_EQ(row(1), "");
}

TEST_F(EmulatorTest, MovingTheCursorForgetsTheWrap) {
  screen.write("0123456789\x1b[1;3Hx\x1b[99;99Hy\x1b[A\x1b[20D");
  EXPECT_EQ(row(0), "01x3456789");
  EXPECT_EQ(row(4), "         y");
  at(3, 0);
}

TEST_F(EmulatorTest, Scrolling) {
  screen.write("1\r\n2\r\n3\r\n4\r\n5\r\n6");
  EXPECT_EQ(all(), "2|3|4|5|6|");
  screen.write("\x1b[H\x1bM");
  EXPECT_EQ(all(), "|2|3|4|5|");
  screen.write("\x1b[2S");
  EXPECT_EQ(all(), "3|4|5|||");
  screen.write("\x1b[T");
  EXPECT_EQ(all(), "|3|4|5||");
}

TEST_F(EmulatorTest, ScrollRegion) {
  screen.write("1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r");
  at(0, 0);
  screen.write("\x1b[4;1H\n");
  EXPECT_EQ(all(), "1|3|4||5|");
  screen.write("\x1b[2;1H\x1bM");
  EXPECT_EQ(all(), "1||3|4|5|");
  // Below the region nothing scrolls.
  screen.write("\x1b[5;1H\n\n");
  EXPECT_EQ(all(), "1||3|4|5|");
  // Rows count from the region's top with DECOM.
  screen.write("\x1b[?6h\x1b[1;1Hx\x1b[9;1Hy\x1b[?6l\x1b[r");
  EXPECT_EQ(all(), "1|x|3|y|5|");
}

TEST_F(EmulatorTest, RegionsThatMakeNoSenseAreNotTaken) {
  screen.write("1\r\n2\x1b[4;2r\x1b[3;3r\x1b[9;12r\x1b[5;1H\n");
  EXPECT_EQ(all(), "2|||||");
}

TEST_F(EmulatorTest, InsertingAndDeletingLines) {
  screen.write("1\r\n2\r\n3\r\n4\r\n5\x1b[2;1H\x1b[L");
  EXPECT_EQ(all(), "1||2|3|4|");
  screen.write("\x1b[2M");
  EXPECT_EQ(all(), "1|3|4|||");
  screen.write("\x1b[999L");
  EXPECT_EQ(all(), "1|||||");
}

TEST_F(EmulatorTest, InsertingAndDeletingCharacters) {
  screen.write("abcdef\x1b[3G\x1b[2@");
  EXPECT_EQ(row(0), "ab  cdef");
  screen.write("\x1b[3P");
  EXPECT_EQ(row(0), "abdef");
  screen.write("\x1b[4hXY\x1b[4l");
  EXPECT_EQ(row(0), "abXYdef");
  screen.write("\x1b[1G\x1b[2X");
  EXPECT_EQ(row(0), "  XYdef");
  screen.write("\x1b[999@");
  EXPECT_EQ(row(0), "");
}

TEST_F(EmulatorTest, Erasing) {
  const auto fill = [&] { screen.write("\x1b[H\x1b#8"); };
  fill();
  screen.write("\x1b[2;3H\x1b[K");
  EXPECT_EQ(row(1), "EE");
  screen.write("\x1b[3;3H\x1b[1K");
  EXPECT_EQ(row(2), "   EEEEEEE");
  screen.write("\x1b[4;3H\x1b[J");
  EXPECT_EQ(row(3), "EE");
  EXPECT_EQ(row(4), "");
  fill();
  screen.write("\x1b[2;3H\x1b[1J");
  EXPECT_EQ(all(), "|   EEEEEEE|EEEEEEEEEE|EEEEEEEEEE|EEEEEEEEEE|");
  screen.write("\x1b[2J");
  EXPECT_EQ(all(), "|||||");
  at(1, 2);
}

TEST_F(EmulatorTest, ColorsAndFlags) {
  screen.write("\x1b[1;4;31;42ma\x1b[0mb\x1b[7;95;104mc\x1b[27;39;49md");
  EXPECT_EQ(cell(0, 0), (Cell{'a', 1, 2, Cell::kBold | Cell::kUnderline}));
  EXPECT_EQ(cell(0, 1), (Cell{'b', 7, 0, 0}));
  EXPECT_EQ(cell(0, 2), (Cell{'c', 13, 12, Cell::kReverse}));
  EXPECT_EQ(cell(0, 3), (Cell{'d', 7, 0, 0}));
}

TEST_F(EmulatorTest, ManyColorsBecomeSixteen) {
  screen.write("\x1b[38;5;9ma\x1b[38;5;196mb\x1b[38;2;0;170;0mc\x1b[48;5;255md\x1b[38;5;240me\x1b[38;5mf");
  EXPECT_EQ(cell(0, 0).foreground, 9);
  EXPECT_EQ(cell(0, 1).foreground, 9);
  EXPECT_EQ(cell(0, 2).foreground, 2);
  EXPECT_EQ(cell(0, 3).background, 15);
  EXPECT_EQ(cell(0, 4).foreground, 8);
  EXPECT_EQ(cell(0, 5).foreground, 8);
}

TEST_F(EmulatorTest, ErasedPlacesHaveTheBackground) {
  screen.write("\x1b[44m\x1b[K");
  EXPECT_EQ(cell(0, 9).background, 4);
}

TEST_F(EmulatorTest, SavingTheCursor) {
  screen.write(
      "\x1b[3;4H\x1b[31m\x1b"
      "7\x1b[H\x1b[0mx\x1b"
      "8y");
  EXPECT_EQ(cell(2, 3), (Cell{'y', 1, 0, 0}));
  screen.write("\x1b[s\x1b[H\x1b[u");
  at(2, 4);
}

TEST_F(EmulatorTest, Utf8) {
  screen.write("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(cell(0, 0).code, 0xe4u);
  EXPECT_EQ(cell(0, 1).code, 0x20acu);
  EXPECT_EQ(cell(0, 2).code, 0x1f600u);
  at(0, 3);
}

TEST_F(EmulatorTest, WhatIsNoUtf8ShowsAsReplacement) {
  // Alone, overlong, surrogate, too large, cut short by a character and by a control.
  screen.write("\x80\xc0\xaf\r\n\xed\xa0\x80\xf4\x90\x80\x80\r\n\xe2\x82x\xe2\r\n\xff");
  EXPECT_EQ(cell(0, 0).code, 0xfffdu);
  EXPECT_EQ(cell(1, 0).code, 0xfffdu);
  EXPECT_EQ(cell(1, 1).code, 0xfffdu);
  EXPECT_EQ(cell(1, 2).code, ' ');
  EXPECT_EQ(cell(2, 0).code, 0xfffdu);
  EXPECT_EQ(cell(2, 1).code, 'x');
  EXPECT_EQ(cell(2, 2).code, 0xfffdu);
  EXPECT_EQ(cell(3, 0).code, 0xfffdu);
}

TEST_F(EmulatorTest, MarksThatCombineTakeNoPlace) {
  screen.write("e\xcc\x81\xe2\x80\x8bx");
  EXPECT_EQ(row(0), "ex");
}

TEST_F(EmulatorTest, LineDrawing) {
  screen.write("\x1b(0lqk\x1b(Bl\x1b)0\x0ex\x0fx");
  EXPECT_EQ(cell(0, 0).code, 0x250cu);
  EXPECT_EQ(cell(0, 1).code, 0x2500u);
  EXPECT_EQ(cell(0, 2).code, 0x2510u);
  EXPECT_EQ(cell(0, 3).code, 'l');
  EXPECT_EQ(cell(0, 4).code, 0x2502u);
  EXPECT_EQ(cell(0, 5).code, 'x');
}

TEST_F(EmulatorTest, Answers) {
  screen.write("\x1b[3;4H\x1b[6n\x1b[5n\x1b[c\x1bZ");
  EXPECT_EQ(answers(), "\x1b[3;4R\x1b[0n\x1b[?6c\x1b[?6c");
  EXPECT_EQ(answers(), "");
  for (int i = 0; i < 1000; ++i) screen.write("\x1b[6n");
  EXPECT_LE(answers().size(), 64u);
}

TEST_F(EmulatorTest, Modes) {
  EXPECT_TRUE(screen.cursor_is_visible());
  screen.write("\x1b[?25l\x1b[?1;5h");
  EXPECT_FALSE(screen.cursor_is_visible());
  EXPECT_TRUE(screen.application_keys());
  EXPECT_TRUE(screen.is_reversed());
  screen.write("\x1b[20hab\n\x1b[20l");
  at(1, 0);
  screen.write(
      "\x1b"
      "c");
  EXPECT_TRUE(screen.cursor_is_visible());
  EXPECT_FALSE(screen.application_keys());
  EXPECT_EQ(all(), "|||||");
  at(0, 0);
}

TEST_F(EmulatorTest, Tabs) {
  screen.write("\x1b[3g\x1b[4G\x1bH\ra\tb\tc");
  EXPECT_EQ(row(0), "a  b     c");
}

TEST_F(EmulatorTest, SequencesInPiecesAndControlsInside) {
  for (const char c : std::string_view("\x1b[2;\r3Hx")) screen.write({&c, 1});
  EXPECT_EQ(cell(1, 2).code, 'x');
  // CAN ends one; strings show nothing, whichever way they end.
  screen.write(
      "\x1b[H\x1b[3\x18"
      "a\x1b]0;title\x07"
      "b\x1bPdata\x1b\\c\x1b]P1aabbccd\x1b]Re\x1b[[Af\x1b[?1049hg\x1b[>ch");
  EXPECT_EQ(row(0), "abcdefgh");
}

TEST_F(EmulatorTest, LogLinesComeBetween) {
  screen.write("\x1b[31mab\x1b[");
  screen.write_log("log: ");
  screen.write_log("line\n");
  screen.write("32mc\x1b[H");
  EXPECT_EQ(all(), "ab|log: line|c|||");
  EXPECT_EQ(cell(1, 0), (Cell{'l', 7, 0, 0}));
  EXPECT_EQ(cell(2, 0), (Cell{'c', 2, 0, 0}));
  screen.write_log("no\x1b[2Jescape\n");
  EXPECT_EQ(row(0), "no[2Jescap");
}

TEST_F(EmulatorTest, OnlyChangedRowsAreTold) {
  for (u32 i = 0; i < 5; ++i) EXPECT_TRUE(screen.cells().take_changed(i));
  screen.write("\x1b[3;1Hx");
  for (u32 i = 0; i < 5; ++i) EXPECT_EQ(screen.cells().take_changed(i), i == 0 || i == 2);
}

TEST(EmulatorSizes, NoneAndTooLargeAreRefused) {
  Emulator a, b, c;
  EXPECT_FALSE(a.create(0, 80));
  EXPECT_FALSE(b.create(25, 0));
  EXPECT_FALSE(c.create(25, 100000));
}

// Whatever comes: the cursor stays on the screen, and the sanitizers have nothing to say.
TEST(EmulatorSizes, AnyBytesOnAnyScreen) {
  constexpr char kLikely[] = "\x1b\x1b\x1b[[[;;?0123456789HJKLMPSTXABCDmhrn@78cDEM()0B#\n\r\t\b\x0e\x0fxyz\xc3\xa4\xe2";
  std::mt19937 random(1);
  for (const auto& [rows, columns] : {std::pair{1u, 1u}, {1u, 80u}, {25u, 1u}, {2u, 2u}, {5u, 10u}, {48u, 128u}}) {
    Emulator screen;
    ASSERT_TRUE(screen.create(rows, columns));
    for (int i = 0; i < 100000; ++i) {
      const bool any = random() % 8 == 0;
      const char byte = any ? static_cast<char>(random()) : kLikely[random() % (sizeof(kLikely) - 1)];
      screen.write({&byte, 1});
      ASSERT_LT(screen.row(), rows);
      ASSERT_LT(screen.column(), columns);
      if (i % 1000 == 0) screen.write_log("line of the log\n");
    }
  }
}

}  // namespace
