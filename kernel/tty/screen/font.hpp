// The screen's font: glyphs of one bit for each pixel, and which character has which.
//
// The data is made from a console font of Debian's at build time (scripts/lib/gen_font.py), and lies in the image, read
// only. Every width is 8: one byte for each line of a glyph.
#pragma once

#include <span>

#include "kernel/lib/types.hpp"

namespace tty {

struct Font {
  static constexpr u32 kWidth = 8;

  // A character and its glyph; sorted by character.
  struct Entry {
    u32 code;
    u32 glyph;
  };

  u32 height = 0;       // lines of a glyph
  u32 replacement = 0;  // the glyph for characters that have none
  std::span<const u8> glyphs;
  std::span<const Entry> entries;

  // `height` bytes from the top down, the leftmost pixel in the highest bit. Any context.
  const u8* glyph_of(u32 code) const;
};

// The one that is linked in.
Font console_font();

}  // namespace tty
