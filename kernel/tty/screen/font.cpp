#include "kernel/tty/screen/font.hpp"

#include <algorithm>

namespace tty {

const u8* Font::glyph_of(u32 code) const {
  const auto found = std::ranges::lower_bound(entries, code, {}, &Entry::code);
  const u32 glyph = found != entries.end() && found->code == code ? found->glyph : replacement;
  return &glyphs[usize{glyph} * height];
}

}  // namespace tty
