#include "kernel/tty/screen/painter.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace {

using tty::Cell;
using tty::Font;
using tty::Painter;
using tty::PixelFormat;

constexpr PixelFormat kXrgb{32, 16, 8, 8, 8, 0, 8};
constexpr PixelFormat kRgb565{16, 11, 5, 5, 6, 0, 5};
constexpr PixelFormat kRgb24{24, 16, 8, 8, 8, 0, 8};

// Two glyphs of four lines: the replacement is full, 'a' has a pixel on the left and one on the right.
constexpr u8 kGlyphs[] = {0xff, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x01};
constexpr Font::Entry kEntries[] = {{'a', 1}, {0x20ac, 1}};
const Font kFont{4, 0, kGlyphs, kEntries};

struct Picture {
  Picture(const PixelFormat& format, u32 pitch) : format(format), pitch(pitch), bytes(pitch * 8) {}
  u32 pixel(u32 x, u32 y) const {
    u32 value = 0;
    std::memcpy(&value, &bytes[y * pitch + x * format.bytes()], format.bytes());
    return value;
  }
  PixelFormat format;
  u32 pitch;
  std::vector<u8> bytes;
};

TEST(Painter, DrawsGlyphsInEveryFormat) {
  for (const PixelFormat& format : {kXrgb, kRgb565, kRgb24}) {
    // A pitch with bytes to spare, which stay as they are.
    Picture picture(format, 16 * format.bytes() + 4);
    Painter painter(picture.bytes.data(), picture.pitch, format, kFont);
    painter.paint(1, 1, {'a', 1, 4, 0, 0});
    const u32 red = format.pixel(0xaa0000), blue = format.pixel(0x0000aa);
    EXPECT_EQ(picture.pixel(8, 4), red);
    EXPECT_EQ(picture.pixel(9, 4), blue);
    EXPECT_EQ(picture.pixel(8, 5), blue);
    EXPECT_EQ(picture.pixel(15, 7), red);
    EXPECT_EQ(picture.pixel(7, 4), 0u);
    EXPECT_EQ(picture.pixel(8, 3), 0u);
    EXPECT_EQ(picture.bytes[4 * picture.pitch + 16 * format.bytes()], 0);
  }
}

TEST(Painter, BoldReverseAndUnderline) {
  Picture picture(kXrgb, 64);
  Painter painter(picture.bytes.data(), picture.pitch, kXrgb, kFont);
  painter.paint(0, 0, {'a', 1, 0, Cell::kBold, 0});
  EXPECT_EQ(picture.pixel(0, 0), 0xff5555u);
  painter.paint(0, 0, {'a', 1, 0, Cell::kReverse, 0});
  EXPECT_EQ(picture.pixel(0, 0), 0u);
  EXPECT_EQ(picture.pixel(1, 0), 0xaa0000u);
  painter.paint(0, 0, {'a', 1, 0, Cell::kUnderline, 0});
  EXPECT_EQ(picture.pixel(4, 2), 0xaa0000u);
  EXPECT_EQ(picture.pixel(4, 1), 0u);
}

TEST(Painter, UnknownCharactersAndColors) {
  Picture picture(kXrgb, 64);
  Painter painter(picture.bytes.data(), picture.pitch, kXrgb, kFont);
  painter.paint(0, 0, {0x4e2d, 7, 0, 0, 0});
  EXPECT_EQ(picture.pixel(3, 3), 0xaaaaaau);
  painter.paint(0, 0, {0xffffffff, 255, 254, 255, 0});
  painter.paint(0, 0, {0x20ac, 7, 0, 0, 0});
  EXPECT_EQ(picture.pixel(3, 3), 0u);
}

TEST(Painter, FormatsThatCannotBeDrawn) {
  EXPECT_TRUE(kXrgb.is_usable());
  EXPECT_TRUE(kRgb565.is_usable());
  EXPECT_TRUE((PixelFormat{15, 10, 5, 5, 5, 0, 5}).is_usable());
  EXPECT_TRUE((PixelFormat{32, 20, 10, 10, 10, 0, 10}).is_usable());
  EXPECT_FALSE((PixelFormat{8, 0, 3, 3, 3, 6, 2}).is_usable());
  EXPECT_FALSE((PixelFormat{64, 16, 8, 8, 8, 0, 8}).is_usable());
  EXPECT_FALSE((PixelFormat{32, 28, 8, 8, 8, 0, 8}).is_usable());
  EXPECT_FALSE((PixelFormat{16, 11, 0, 5, 6, 0, 5}).is_usable());
}

}  // namespace
