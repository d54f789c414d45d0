#include "kernel/tty/line_discipline.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using tty::LineDiscipline;

struct Screen final : LineDiscipline::Client {
  void echo(std::string_view text) override { shown += text; }
  void signal(int signal) override { signals.push_back(signal); }
  void flow(bool stop) override { stopped = stop; }
  std::string shown;
  std::vector<int> signals;
  bool stopped = false;
};

struct LineTest : testing::Test {
  void type(std::string_view text) {
    for (const char c : text) line.receive(static_cast<u8>(c));
  }
  std::string read(usize capacity = 256) {
    std::string text(capacity, 0);
    text.resize(line.read(text.data(), capacity));
    return text;
  }
  Screen screen;
  LineDiscipline line{screen};
};

TEST_F(LineTest, LinesAreReadOneByOne) {
  type("one\rtwo\r");
  EXPECT_EQ(read(), "one\n");
  EXPECT_EQ(read(2), "tw");
  EXPECT_EQ(read(), "o\n");
  EXPECT_FALSE(line.has_line());
  EXPECT_EQ(screen.shown, "one\ntwo\n");
}

TEST_F(LineTest, EditingErasesWholeCharacters) {
  type(
      "a\xc3\xa4\x7f"
      "b\r");  // an umlaut of two bytes, erased by one key
  EXPECT_EQ(read(), "ab\n");
  type("two words\x17x\r");
  EXPECT_EQ(read(), "two x\n");
  type("gone\x15kept\r");
  EXPECT_EQ(read(), "kept\n");
  type("\x7f\x7f\r");
  EXPECT_EQ(read(), "\n");
}

TEST_F(LineTest, ControlCharacters) {
  type("abc\x03");
  ASSERT_EQ(screen.signals.size(), 1u);
  EXPECT_EQ(screen.signals[0], 2);
  type("\r");
  EXPECT_EQ(read(), "\n");
  type("\x1a\x1c");
  EXPECT_EQ(screen.signals, (std::vector<int>{2, 20, 3}));
  type("\x13");
  EXPECT_TRUE(screen.stopped);
  type("\x11");
  EXPECT_FALSE(screen.stopped);
  type("\x16\x03\r");  // Ctrl-V takes the next one as it is
  EXPECT_EQ(read(), "\x03\n");
}

TEST_F(LineTest, EndOfFile) {
  type("part\x04");
  EXPECT_TRUE(line.has_line());
  EXPECT_EQ(read(), "part");
  type("\x04");
  EXPECT_TRUE(line.has_line());
  EXPECT_EQ(read(), "");
  EXPECT_FALSE(line.has_line());
}

TEST_F(LineTest, RawModeGivesBytesAsTheyCome) {
  type("typed");
  tty::Termios raw = line.settings();
  raw.local = 0;
  raw.input = 0;
  line.set_settings(raw);
  EXPECT_EQ(read(), "typed");
  type("\x03\r\x7f");
  EXPECT_EQ(read(), "\x03\r\x7f");
  EXPECT_TRUE(screen.signals.empty());
}

TEST_F(LineTest, FullBufferKeepsTheEndOfTheLine) {
  for (usize i = 0; i < LineDiscipline::kCapacity + 100; ++i) line.receive('x');
  EXPECT_TRUE(line.receive('\r'));
  std::string all;
  while (line.has_line()) all += read();
  EXPECT_EQ(all.size(), LineDiscipline::kCapacity);
  EXPECT_EQ(all.back(), '\n');
}

}  // namespace
