#include "kernel/tty/screen/emulator.hpp"

#include <algorithm>
#include <cstring>

namespace tty {
namespace {

constexpr u32 kTabWidth = 8;

// DEC special graphics, 0x60 to 0x7e (VT220 programmer reference, table 2-4). The four scan lines beside the middle one
// show as that.
constexpr u16 kGraphics[] = {
    0x2666, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1, 0x2424, 0x240b, 0x2518,
    0x2510, 0x250c, 0x2514, 0x253c, 0x2500, 0x2500, 0x2500, 0x2500, 0x2500, 0x251c, 0x2524,
    0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
};
static_assert(std::size(kGraphics) == 0x7f - 0x60);

// Characters that take no place of their own: accents that combine, joiners, marks of direction and of form.
bool has_no_width(u32 code) {
  constexpr struct {
    u32 first, last;
  } kRanges[] = {{0x80, 0x9f},     {0xad, 0xad},     {0x300, 0x36f},   {0x200b, 0x200f}, {0x202a, 0x202e},
                 {0x2060, 0x2064}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
  return std::ranges::any_of(kRanges, [&](const auto& range) { return code >= range.first && code <= range.last; });
}

}  // namespace

Status Emulator::create(u32 rows, u32 columns) {
  TRY(cells_.create(rows, columns));
  TRY(tabs_.resize(columns));
  reset();
  return {};
}

Cell Emulator::blank() const {
  Cell cell;
  cell.foreground = pen_.foreground;
  cell.background = pen_.background;
  return cell;
}

void Emulator::reset() {
  parser_.reset();
  pen_ = {};
  saved_ = {};
  charset_ = 0;
  is_graphics_[0] = is_graphics_[1] = false;
  cursor_is_visible_ = wraps_ = true;
  is_reversed_ = application_keys_ = origin_ = inserts_ = newline_returns_ = false;
  top_ = 0;
  end_ = cells_.rows();
  answer_size_ = 0;
  for (u32 i = 0; i < cells_.columns(); ++i) tabs_[i] = i % kTabWidth == 0;
  for (u32 row = 0; row < cells_.rows(); ++row) cells_.fill(row, 0, cells_.columns(), blank());
  place(0, 0);
}

// --- the cursor ---

void Emulator::place(u32 row, u32 column) {
  cells_.touch(row_);
  row_ = std::min(row, cells_.rows() - 1);
  column_ = std::min(column, cells_.columns() - 1);
  wrap_pending_ = false;
  cells_.touch(row_);
}

// As programs name it: with DECOM within the scroll region.
void Emulator::place_in_region(u32 row, u32 column) {
  if (!origin_) return place(row, column);
  place(std::min(top_ + row, end_ - 1), column);
}

void Emulator::line_feed() {
  if (row_ + 1 == end_) {
    cells_.scroll_up(top_, end_, 1, blank());
    wrap_pending_ = false;
  } else {
    place(row_ + 1, column_);
  }
}

void Emulator::reverse_line_feed() {
  if (row_ == top_) {
    cells_.scroll_down(top_, end_, 1, blank());
    wrap_pending_ = false;
  } else if (row_ != 0) {
    place(row_ - 1, column_);
  }
}

void Emulator::next_tab() {
  u32 column = column_ + 1;
  while (column < cells_.columns() && !tabs_[column]) ++column;
  place(row_, column);
}

void Emulator::save() { saved_ = {row_, column_, pen_, origin_, charset_, {is_graphics_[0], is_graphics_[1]}}; }

void Emulator::restore() {
  pen_ = saved_.pen;
  origin_ = saved_.origin;
  charset_ = saved_.charset;
  is_graphics_[0] = saved_.is_graphics[0];
  is_graphics_[1] = saved_.is_graphics[1];
  place(saved_.row, saved_.column);
}

// --- characters ---

void Emulator::put_character(u32 code) {
  if (wrap_pending_ && wraps_) {
    place(row_, 0);
    line_feed();
  }
  if (inserts_) cells_.move_within(row_, column_, column_ + 1);
  Cell cell = pen_;
  cell.code = code;
  cells_.put(row_, column_, cell);
  if (column_ + 1 == cells_.columns()) {
    wrap_pending_ = true;
  } else {
    ++column_;
  }
}

void Emulator::print(u32 code) {
  if (code >= 0x60 && code < 0x7f && is_graphics_[charset_]) code = kGraphics[code - 0x60];
  if (!has_no_width(code)) put_character(code);
}

void Emulator::control(u8 byte) {
  switch (byte) {
    case '\b':
      if (column_ != 0) place(row_, column_ - 1);
      break;
    case '\t': next_tab(); break;
    case '\n':
    case '\v':
    case '\f':
      if (newline_returns_) place(row_, 0);
      line_feed();
      break;
    case '\r': place(row_, 0); break;
    case 0x0e: charset_ = 1; break;
    case 0x0f: charset_ = 0; break;
    default: break;
  }
}

void Emulator::write_log(std::string_view text) {
  const Cell pen = std::exchange(pen_, Cell{});
  const bool wraps = std::exchange(wraps_, true), inserts = std::exchange(inserts_, false);
  const auto new_line = [&] {
    place(row_, 0);
    line_feed();
  };
  if (!in_log_line_ && column_ != 0) new_line();
  for (const char c : text) {
    in_log_line_ = c != '\n';
    if (c == '\n') {
      new_line();
    } else if (c >= ' ' && c < 0x7f) {
      put_character(static_cast<u8>(c));
    }
  }
  pen_ = pen;
  wraps_ = wraps;
  inserts_ = inserts;
}

// --- ESC and one character ---

void Emulator::escape(u8 intermediate, u8 final) {
  if (intermediate == '(' || intermediate == ')') {
    is_graphics_[intermediate == ')'] = final == '0';
  } else if (intermediate == '#' && final == '8') {
    Cell cell;
    cell.code = 'E';  // DECALN
    for (u32 row = 0; row < cells_.rows(); ++row) cells_.fill(row, 0, cells_.columns(), cell);
  } else if (intermediate == 0) {
    switch (final) {
      case '7': save(); break;
      case '8': restore(); break;
      case 'c': reset(); break;
      case 'D': line_feed(); break;
      case 'E':
        place(row_, 0);
        line_feed();
        break;
      case 'H': tabs_[column_] = true; break;
      case 'M': reverse_line_feed(); break;
      case 'Z': answer("\x1b[?6c"); break;
      default: break;
    }
  }
}

// --- answers ---

void Emulator::answer(std::string_view text) {
  if (text.size() > sizeof(answers_) - answer_size_) return;
  std::memcpy(answers_ + answer_size_, text.data(), text.size());
  answer_size_ += text.size();
}

usize Emulator::take_answers(char* to, usize capacity) {
  const usize count = std::min(capacity, answer_size_);
  std::memcpy(to, answers_, count);
  answer_size_ -= count;
  std::memmove(answers_, answers_ + count, answer_size_);
  return count;
}

}  // namespace tty
