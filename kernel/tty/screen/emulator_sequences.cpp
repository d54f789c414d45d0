// What ESC [ does: moving, erasing, inserting, colours, modes, reports (console_codes(4), ECMA-48).
#include <algorithm>

#include "kernel/lib/format.hpp"
#include "kernel/tty/screen/emulator.hpp"

namespace tty {
namespace {

constexpr u32 kSgrExtendedForeground = 38, kSgrExtendedBackground = 48;

// The nearest of our 16 colours to one of red, green and blue: which of the three are strong, and whether any is very.
u8 nearest_color(u32 red, u32 green, u32 blue) {
  constexpr u32 kBright = 0xc0, kGrayBelow = 0x40, kGray = 8;
  const u32 most = std::max({red, green, blue}), least = std::min({red, green, blue});
  if (most < kGrayBelow) return 0;
  if (most - least < kGrayBelow) return most < 0x70 ? kGray : most < 0xd0 ? 7 : 15;
  const u32 half = most / 2;
  // Order of bits: red 1, green 2, blue 4 (ECMA-48's colours).
  const u32 color = (red > half ? 1u : 0u) | (green > half ? 2u : 0u) | (blue > half ? 4u : 0u);
  return static_cast<u8>(color | (most > kBright ? 8u : 0u));
}

// One of 256: 16 of the palette, a cube of 6 by 6 by 6, 24 grays.
u8 color_of_256(u32 index) {
  constexpr u32 kCube = 16, kGrays = 232, kLast = 255;
  if (index < kCube) return static_cast<u8>(index);
  if (index >= kGrays) {
    const u32 gray = 8 + (std::min(index, kLast) - kGrays) * 10;
    return nearest_color(gray, gray, gray);
  }
  const u32 at = index - kCube;
  const auto level = [](u32 step) { return step == 0 ? 0 : 55 + step * 40; };
  return nearest_color(level(at / 36), level(at / 6 % 6), level(at % 6));
}

}  // namespace

void Emulator::sequence(const ControlSequence& what) {
  if (what.intermediate != 0) return;
  if (what.marker == '?') {
    if (what.final == 'h' || what.final == 'l') {
      for (u32 i = 0; i < what.count; ++i) set_private_mode(what.parameters[i], what.final == 'h');
    }
    return;
  }
  if (what.marker != 0) return;
  switch (what.final) {
    case 'm': set_rendition(what); break;
    case 'h':
    case 'l': set_modes(what, what.final == 'h'); break;
    case 'r': set_scroll_region(what); break;
    case 'g': set_tabs(what); break;
    case 'c':
    case 'n': report(what); break;
    case 's': save(); break;
    case 'u': restore(); break;
    case 'J':
    case 'K':
    case 'L':
    case 'M':
    case 'P':
    case 'S':
    case 'T':
    case 'X':
    case '@': edit_by_sequence(what); break;
    default: move_by_sequence(what); break;
  }
}

// Up and down stop at the scroll region's edge, if they begin inside.
void Emulator::move_by_sequence(const ControlSequence& what) {
  const u32 amount = what.amount(0);
  const u32 first = row_ >= top_ ? top_ : 0, end = row_ < end_ ? end_ : cells_.rows();
  const u32 up = row_ - std::min(amount, row_ - first), down = std::min(row_ + amount, end - 1);
  switch (what.final) {
    case 'A': place(up, column_); break;
    case 'B':
    case 'e': place(down, column_); break;
    case 'C':
    case 'a': place(row_, column_ + amount); break;
    case 'D': place(row_, column_ - std::min(amount, column_)); break;
    case 'E': place(down, 0); break;
    case 'F': place(up, 0); break;
    case 'G':
    case '`': place(row_, amount - 1); break;
    case 'H':
    case 'f': place_in_region(amount - 1, what.amount(1) - u32{1}); break;
    case 'd': place_in_region(amount - 1, column_); break;
    default: break;
  }
}

void Emulator::edit_by_sequence(const ControlSequence& what) {
  const u32 columns = cells_.columns();
  const u32 amount = what.amount(0);
  const u32 here = std::min(amount, columns - column_);  // of this row
  const bool in_region = row_ >= top_ && row_ < end_;
  switch (what.final) {
    case 'J': erase_in_display(what.parameter(0)); break;
    case 'K': erase_in_line(what.parameter(0)); break;
    case 'L':
    case 'M':
      if (!in_region) break;
      if (what.final == 'L') {
        cells_.scroll_down(row_, end_, amount, blank());
      } else {
        cells_.scroll_up(row_, end_, amount, blank());
      }
      wrap_pending_ = false;
      break;
    case '@':
      cells_.move_within(row_, column_, column_ + here);
      cells_.fill(row_, column_, column_ + here, blank());
      wrap_pending_ = false;
      break;
    case 'P':
      cells_.move_within(row_, column_ + here, column_);
      cells_.fill(row_, columns - here, columns, blank());
      wrap_pending_ = false;
      break;
    case 'X': cells_.fill(row_, column_, column_ + here, blank()); break;
    case 'S': cells_.scroll_up(top_, end_, amount, blank()); break;
    case 'T': cells_.scroll_down(top_, end_, amount, blank()); break;
    default: break;
  }
}

void Emulator::erase_in_line(u32 how) {
  constexpr u32 kToEnd = 0, kToBegin = 1, kAll = 2;
  if (how > kAll) return;
  const u32 first = how == kToEnd ? column_ : 0, end = how == kToBegin ? column_ + 1 : cells_.columns();
  cells_.fill(row_, first, end, blank());
  wrap_pending_ = false;
}

// 3 is 2 with the lines that have scrolled away, of which we keep none.
void Emulator::erase_in_display(u32 how) {
  constexpr u32 kToEnd = 0, kToBegin = 1, kAllAndHistory = 3;
  if (how > kAllAndHistory) return;
  const u32 first = how == kToEnd ? row_ + 1 : 0, end = how == kToBegin ? row_ : cells_.rows();
  for (u32 row = first; row < end; ++row) cells_.fill(row, 0, cells_.columns(), blank());
  if (how <= kToBegin) erase_in_line(how);
}

void Emulator::set_tabs(const ControlSequence& what) {
  constexpr u32 kHere = 0, kAll = 3;
  if (what.parameter(0) == kHere) tabs_[column_] = false;
  if (what.parameter(0) != kAll) return;
  for (u32 i = 0; i < cells_.columns(); ++i) tabs_[i] = false;
}

void Emulator::set_modes(const ControlSequence& what, bool on) {
  constexpr u32 kInsert = 4, kNewlineReturns = 20;
  for (u32 i = 0; i < what.count; ++i) {
    if (what.parameters[i] == kInsert) inserts_ = on;
    if (what.parameters[i] == kNewlineReturns) newline_returns_ = on;
  }
}

void Emulator::set_private_mode(u32 mode, bool on) {
  constexpr u32 kApplicationKeys = 1, kReverse = 5, kOrigin = 6, kWrap = 7, kCursor = 25;
  switch (mode) {
    case kApplicationKeys: application_keys_ = on; break;
    case kReverse:
      is_reversed_ = on;
      cells_.touch_all();
      break;
    case kOrigin:
      origin_ = on;
      place_in_region(0, 0);
      break;
    case kWrap:
      wraps_ = on;
      wrap_pending_ = false;
      break;
    case kCursor:
      cursor_is_visible_ = on;
      cells_.touch(row_);
      break;
    default: break;
  }
}

void Emulator::set_scroll_region(const ControlSequence& what) {
  const u32 top = what.amount(0) - u32{1};
  const u32 end = what.parameter(1) == 0 ? cells_.rows() : std::min<u32>(what.parameter(1), cells_.rows());
  if (top + 1 >= end) return;  // at least two rows
  top_ = top;
  end_ = end;
  place_in_region(0, 0);
}

// 38;5;N or 38;2;R;G;B: returns how many parameters belong to it.
usize Emulator::set_extended_color(const ControlSequence& what, u32 index, u8& color) {
  constexpr u32 kIndexed = 5, kDirect = 2;
  const u32 kind = what.parameter(index + 1);
  if (kind == kIndexed && index + 2 < what.count) {
    color = color_of_256(what.parameter(index + 2));
    return 2;
  }
  if (kind == kDirect && index + 4 < what.count) {
    color = nearest_color(what.parameter(index + 2), what.parameter(index + 3), what.parameter(index + 4));
    return 4;
  }
  return what.count;
}

void Emulator::set_rendition(const ControlSequence& what) {
  const auto flag = [&](u8 bits, bool on) {
    pen_.flags = static_cast<u8>(on ? pen_.flags | bits : pen_.flags & ~bits);
  };
  if (what.count == 0) pen_ = {};
  for (u32 i = 0; i < what.count; ++i) {
    const u32 code = what.parameters[i];
    switch (code) {
      case 0: pen_ = {}; break;
      case 1: flag(Cell::kBold, true); break;
      case 4: flag(Cell::kUnderline, true); break;
      case 7: flag(Cell::kReverse, true); break;
      case 21:
      case 22: flag(Cell::kBold, false); break;
      case 24: flag(Cell::kUnderline, false); break;
      case 27: flag(Cell::kReverse, false); break;
      case kSgrExtendedForeground: i += static_cast<u32>(set_extended_color(what, i, pen_.foreground)); break;
      case kSgrExtendedBackground: i += static_cast<u32>(set_extended_color(what, i, pen_.background)); break;
      case 39: pen_.foreground = Cell::kDefaultForeground; break;
      case 49: pen_.background = Cell::kDefaultBackground; break;
      default:
        if (code >= 30 && code <= 37) pen_.foreground = static_cast<u8>(code - 30);
        if (code >= 40 && code <= 47) pen_.background = static_cast<u8>(code - 40);
        if (code >= 90 && code <= 97) pen_.foreground = static_cast<u8>(code - 90 + 8);
        if (code >= 100 && code <= 107) pen_.background = static_cast<u8>(code - 100 + 8);
        break;
    }
  }
}

void Emulator::report(const ControlSequence& what) {
  constexpr u32 kStatus = 5, kCursor = 6;
  if (what.final == 'c') {
    if (what.parameter(0) == 0) answer("\x1b[?6c");  // a VT102
  } else if (what.parameter(0) == kStatus) {
    answer("\x1b[0n");
  } else if (what.parameter(0) == kCursor) {
    char text[32];
    const u32 row = origin_ && row_ >= top_ ? row_ - top_ : row_;
    const usize length = lib::format_into(text, sizeof(text), "\x1b[%u;%uR", row + 1, column_ + 1);
    answer({text, length});
  }
}

}  // namespace tty
