#include "kernel/tty/keymap.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using tty::Keymap;

// Linux's numbers (input-event-codes.h).
enum : u16 {
  kEsc = 1,
  k2 = 3,
  kMinus = 12,
  kBackspace = 14,
  kTab = 15,
  kEnter = 28,
  kControl = 29,
  kA = 30,
  kC = 46,
  kShift = 42,
  kAlt = 56,
  kSpace = 57,
  kCaps = 58,
  kF1 = 59,
  kF10 = 68,
  kNum = 69,
  kScroll = 70,
  kKeypad8 = 72,
  kKeypadPlus = 78,
  kF12 = 88,
  kKeypadEnter = 96,
  kSysRq = 99,
  kRightAlt = 100,
  kUp = 103,
  kDelete = 111,
  kB = 48,
};

struct KeymapTest : testing::Test {
  std::string press(u16 code, bool application = false) { return std::string(map.key(code, 1, application).text()); }
  std::string stroke(u16 code) {
    const std::string text = press(code);
    EXPECT_EQ(map.key(code, 0, false).size, 0u);
    return text;
  }
  void release(u16 code) { map.key(code, 0, false); }
  Keymap map;
};

TEST_F(KeymapTest, Characters) {
  EXPECT_EQ(stroke(kA), "a");
  EXPECT_EQ(stroke(k2), "2");
  EXPECT_EQ(stroke(kEnter), "\r");
  EXPECT_EQ(stroke(kBackspace), "\x7f");
  EXPECT_EQ(stroke(kTab), "\t");
  EXPECT_EQ(stroke(kEsc), "\x1b");
  EXPECT_EQ(stroke(kSpace), " ");
  EXPECT_EQ(map.key(kA, 2, false).text(), "a");
}

TEST_F(KeymapTest, ShiftAndCapsLock) {
  press(kShift);
  EXPECT_EQ(press(kA), "A");
  EXPECT_EQ(press(k2), "@");
  EXPECT_EQ(press(kMinus), "_");
  EXPECT_EQ(press(kTab), "\x1b\t");
  release(kShift);
  EXPECT_TRUE(map.key(kCaps, 1, false).locks_changed);
  EXPECT_FALSE(map.key(kCaps, 2, false).locks_changed);
  EXPECT_FALSE(map.key(kCaps, 0, false).locks_changed);
  EXPECT_EQ(map.locks(), Keymap::kCapsLock);
  EXPECT_EQ(press(kA), "A");
  EXPECT_EQ(press(k2), "2");
  press(kShift);
  EXPECT_EQ(press(kA), "a");
}

TEST_F(KeymapTest, ControlAndAlt) {
  press(kControl);
  EXPECT_EQ(press(kC), "\x03");
  EXPECT_EQ(press(kSpace), std::string(1, 0));
  EXPECT_EQ(press(kMinus), "\x1f");
  EXPECT_EQ(press(kBackspace), "\b");
  EXPECT_EQ(press(kEnter), "\r");
  release(kControl);
  for (const u16 alt : {u16{kAlt}, u16{kRightAlt}}) {
    press(alt);
    EXPECT_EQ(press(kB),
              "\x1b"
              "b");
    release(alt);
  }
  EXPECT_EQ(press(kB), "b");
}

TEST_F(KeymapTest, SequencesOfKeysThatAreNoCharacters) {
  EXPECT_EQ(press(kUp), "\x1b[A");
  EXPECT_EQ(press(kUp, true), "\x1bOA");
  EXPECT_EQ(press(kDelete), "\x1b[3~");
  EXPECT_EQ(press(kDelete, true), "\x1b[3~");
  EXPECT_EQ(press(kF1), "\x1b[[A");
  EXPECT_EQ(press(kF10), "\x1b[21~");
  EXPECT_EQ(press(kF12), "\x1b[24~");
}

TEST_F(KeymapTest, Keypad) {
  EXPECT_EQ(press(kKeypad8), "\x1b[A");
  EXPECT_EQ(press(kKeypadPlus), "+");
  EXPECT_EQ(press(kKeypadEnter), "\r");
  map.key(kNum, 1, false);
  EXPECT_EQ(press(kKeypad8), "8");
  press(kShift);
  EXPECT_EQ(press(kKeypad8), "\x1b[A");
}

TEST_F(KeymapTest, SysRqNeedsAlt) {
  EXPECT_EQ(map.key(kSysRq, 1, false).size, 0u);
  EXPECT_EQ(map.key(kA, 1, false).sysrq, 0);
  release(kSysRq);
  press(kAlt);
  press(kSysRq);
  const Keymap::Output output = map.key(kA, 1, false);
  EXPECT_EQ(output.sysrq, 'a');
  EXPECT_EQ(output.size, 0u);
  EXPECT_EQ(map.key(kA, 2, false).sysrq, 0);
  EXPECT_EQ(map.key(kUp, 1, false).sysrq, '?');
  release(kSysRq);
  release(kAlt);
  EXPECT_EQ(press(kA), "a");
}

TEST_F(KeymapTest, AnyKeyAndValue) {
  for (u32 code = 0; code <= 0xffff; ++code) {
    for (const i32 value : {1, 0, 2, -1, 1000000}) map.key(static_cast<u16>(code), value, code % 2 == 0);
  }
}

}  // namespace
