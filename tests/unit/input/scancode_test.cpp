extern "C" {
#include "drivers/input/scancode.h"
}

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

struct ScancodeTest : testing::Test {
  // Events as "code:value " for the bytes.
  std::string feed(const std::vector<uint8_t>& bytes) {
    std::string events;
    for (const uint8_t byte : bytes) {
      scancode_key_t key;
      if (scancode_feed(&state, byte, &key)) events += std::to_string(key.code) + ":" + std::to_string(key.value) + " ";
    }
    return events;
  }
  scancode_t state{};
};

TEST_F(ScancodeTest, PressRepeatRelease) { EXPECT_EQ(feed({0x1e, 0x1e, 0x1e, 0x9e}), "30:1 30:2 30:2 30:0 "); }

TEST_F(ScancodeTest, ExtendedKeys) {
  EXPECT_EQ(feed({0xe0, 0x48, 0xe0, 0xc8, 0x48, 0xc8}), "103:1 103:0 72:1 72:0 ");
  EXPECT_EQ(feed({0xe0, 0x1d, 0xe0, 0x38, 0xe0, 0x9d, 0xe0, 0xb8}), "97:1 100:1 97:0 100:0 ");
}

TEST_F(ScancodeTest, FakeShiftsAreNoKeys) {
  EXPECT_EQ(feed({0xe0, 0x2a, 0xe0, 0x37, 0xe0, 0xb7, 0xe0, 0xaa}), "99:1 99:0 ");
  EXPECT_EQ(feed({0xe0, 0xb6, 0xe0, 0x53, 0xe0, 0xd3, 0xe0, 0x36}), "111:1 111:0 ");
}

TEST_F(ScancodeTest, Pause) {
  EXPECT_EQ(feed({0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5}), "119:1 119:0 ");
  EXPECT_EQ(feed({0x1e}), "30:1 ");
}

TEST_F(ScancodeTest, SysRqWithAlt) { EXPECT_EQ(feed({0x38, 0x54, 0xd4, 0xb8}), "56:1 99:1 99:0 56:0 "); }

TEST_F(ScancodeTest, WhatIsNoKey) {
  EXPECT_EQ(feed({0x9e}), "");              // a release without its press
  EXPECT_EQ(feed({0x00, 0x80, 0xff}), "");  // errors of the keyboard
  EXPECT_EQ(feed({0xfa, 0xfe, 0x7f, 0x55, 0xe0, 0x7f}), "");
}

TEST_F(ScancodeTest, AnyBytes) {
  uint32_t random = 1;
  for (int i = 0; i < 1000000; ++i) {
    random = random * 1664525 + 1013904223;
    scancode_key_t key{};
    if (!scancode_feed(&state, static_cast<uint8_t>(random >> 24), &key)) continue;
    ASSERT_LT(key.code, SCANCODE_KEYS);
    ASSERT_TRUE(key.value >= 0 && key.value <= 2);
  }
}

}  // namespace
