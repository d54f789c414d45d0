#include "kernel/tty/screen/painter.hpp"

namespace tty {
namespace {

// The colours of the VGA's text modes in ECMA-48's order (IBM PS/2 hardware reference; as on Linux's console).
constexpr u32 kPalette[] = {0x000000, 0xaa0000, 0x00aa00, 0xaa5500, 0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa,
                            0x555555, 0xff5555, 0x55ff55, 0xffff55, 0x5555ff, 0xff55ff, 0x55ffff, 0xffffff};
constexpr u32 kUnderlineFromBottom = 2;  // lines
constexpr u8 kBrighter = 8;

u32 scaled(u32 value, u8 bits, u8 shift) {
  const u32 fitted = bits >= 8 ? value << (bits - 8) : value >> (8 - bits);
  return fitted << shift;
}

bool lies_inside(u8 shift, u8 bits, u32 size) { return bits != 0 && bits <= 16 && u32{shift} + bits <= size; }

}  // namespace

bool PixelFormat::is_usable() const {
  if (bits_per_pixel < 15 || bits_per_pixel > 32) return false;
  const u32 size = bytes() * 8;
  return lies_inside(red_shift, red_bits, size) && lies_inside(green_shift, green_bits, size) &&
         lies_inside(blue_shift, blue_bits, size);
}

u32 PixelFormat::pixel(u32 rgb) const {
  return scaled(rgb >> 16 & 0xff, red_bits, red_shift) | scaled(rgb >> 8 & 0xff, green_bits, green_shift) |
         scaled(rgb & 0xff, blue_bits, blue_shift);
}

Painter::Painter(volatile u8* pixels, u32 pitch, const PixelFormat& format, const Font& font)
    : pixels_(pixels), pitch_(pitch), format_(format), font_(font) {
  for (u32 i = 0; i < kColors; ++i) palette_[i] = format.pixel(kPalette[i]);
}

// Bold is the brighter colour, as the VGA has it.
Painter::Colors Painter::colors_of(const Cell& cell) const {
  u8 foreground = cell.foreground % kColors;
  if ((cell.flags & Cell::kBold) != 0) foreground |= kBrighter;
  const Colors plain{palette_[cell.background % kColors], palette_[foreground]};
  return (cell.flags & Cell::kReverse) != 0 ? Colors{plain.foreground, plain.background} : plain;
}

void Painter::paint(u32 row, u32 column, const Cell& cell) {
  volatile u8* at = pixels_ + usize{row} * font_.height * pitch_ + usize{column} * Font::kWidth * format_.bytes();
  const bool is_underlined = (cell.flags & Cell::kUnderline) != 0 && font_.height > kUnderlineFromBottom;
  const u32 underline = is_underlined ? font_.height - kUnderlineFromBottom : font_.height;
  const u8* glyph = font_.glyph_of(cell.code);
  if (format_.bytes() == 4 && (reinterpret_cast<usize>(at) | pitch_) % 8 == 0) {
    paint_wide(at, glyph, underline, colors_of(cell));
  } else {
    paint_narrow(at, glyph, underline, colors_of(cell));
  }
}

// Two pixels at a time.
void Painter::paint_wide(volatile u8* at, const u8* glyph, u32 underline, Colors colors) {
  const u64 low[] = {colors.background, colors.foreground};
  const u64 pairs[] = {low[0] | low[0] << 32, low[0] | low[1] << 32, low[1] | low[0] << 32, low[1] | low[1] << 32};
  for (u32 line = 0; line < font_.height; ++line, at += pitch_) {
    const u32 bits = line == underline ? 0xff : glyph[line];
    volatile u64* to = reinterpret_cast<volatile u64*>(at);
    to[0] = pairs[bits >> 6 & 3];
    to[1] = pairs[bits >> 4 & 3];
    to[2] = pairs[bits >> 2 & 3];
    to[3] = pairs[bits & 3];
  }
}

void Painter::paint_narrow(volatile u8* at, const u8* glyph, u32 underline, Colors colors) {
  const u32 size = format_.bytes();
  for (u32 line = 0; line < font_.height; ++line, at += pitch_) {
    const u32 bits = line == underline ? 0xff : glyph[line];
    volatile u8* to = at;
    for (u32 pixel = 0; pixel < Font::kWidth; ++pixel) {
      u32 color = (bits >> (7 - pixel) & 1) != 0 ? colors.foreground : colors.background;
      for (u32 i = 0; i < size; ++i, color >>= 8) *to++ = static_cast<u8>(color);
    }
  }
}

}  // namespace tty
