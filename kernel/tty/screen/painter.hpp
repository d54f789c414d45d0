// Draws cells into a picture of pixels: a framebuffer, or in tests ordinary memory.
//
// The picture is only ever written, in order and as widely as its format allows: it may be device memory that merges
// writes and is slow to read. Pure otherwise; no lock. `pixels` covers height * pitch bytes and outlives the painter.
#pragma once

#include "kernel/lib/result.hpp"
#include "kernel/tty/screen/cells.hpp"
#include "kernel/tty/screen/font.hpp"

namespace tty {

// Where a pixel has its colours; 15 to 32 bits, direct.
struct PixelFormat {
  u8 bits_per_pixel = 0;
  u8 red_shift = 0, red_bits = 0;
  u8 green_shift = 0, green_bits = 0;
  u8 blue_shift = 0, blue_bits = 0;

  u32 bytes() const { return (bits_per_pixel + 7u) / 8; }
  // The colours lie inside a pixel of two, three or four bytes.
  bool is_usable() const;
  // 0xRRGGBB in this format.
  u32 pixel(u32 rgb) const;
};

class Painter {
 public:
  Painter() = default;
  // `format` is usable, and a line of `columns` characters fits into `pitch`.
  Painter(volatile u8* pixels, u32 pitch, const PixelFormat& format, const Font& font);

  // `row` and `column` are on the picture.
  void paint(u32 row, u32 column, const Cell& cell);

 private:
  struct Colors {
    u32 background, foreground;
  };
  Colors colors_of(const Cell& cell) const;
  void paint_wide(volatile u8* at, const u8* glyph, u32 underline, Colors colors);
  void paint_narrow(volatile u8* at, const u8* glyph, u32 underline, Colors colors);

  static constexpr u32 kColors = 16;

  volatile u8* pixels_ = nullptr;
  u32 pitch_ = 0;
  PixelFormat format_;
  Font font_;
  u32 palette_[kColors] = {};
};

}  // namespace tty
