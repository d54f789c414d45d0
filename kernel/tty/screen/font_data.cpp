// The font that scripts/lib/gen_font.py made: a header, the glyphs, the table of characters.
#include "kernel/tty/screen/font.hpp"

namespace {

struct Header {
  u32 height, replacement, glyph_count, entry_count;
};

}  // namespace

extern "C" {
extern const Header console_font_header;
extern const u8 console_font_glyphs[];
extern const tty::Font::Entry console_font_entries[];
}

namespace tty {

Font console_font() {
  const Header& header = console_font_header;
  return {.height = header.height,
          .replacement = header.replacement,
          .glyphs = {console_font_glyphs, usize{header.glyph_count} * header.height},
          .entries = {console_font_entries, header.entry_count}};
}

}  // namespace tty
