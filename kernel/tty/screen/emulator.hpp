// A terminal's screen: what the bytes that programs write do to the cells (the subset of ECMA-48 and of the VT102 that
// Linux's console has, console_codes(4); TERM=linux).
//
// Pure: no lock, no device; whoever owns it locks it. Nothing that programs write can take the cursor off the screen,
// allocate or loop for longer than the screen is large. Invariants: row_ < rows, column_ < columns, top_ < end_ <=
// rows.
//
// Lines of the kernel's log come in by write_log(), past the parser: they may come in the middle of a program's escape
// sequence, and begin on a line of their own.
#pragma once

#include "kernel/tty/screen/cells.hpp"
#include "kernel/tty/screen/escape_parser.hpp"

namespace tty {

class Emulator : private EscapeParser::Client {
 public:
  // EINVAL for a size that Cells refuses, ENOMEM. Once.
  Status create(u32 rows, u32 columns);

  void write(std::string_view bytes) { parser_.feed(bytes, *this); }
  // Printable text and newlines; everything else is left out. A line may come in pieces.
  void write_log(std::string_view text);

  Cells& cells() { return cells_; }
  const Cells& cells() const { return cells_; }
  u32 row() const { return row_; }
  u32 column() const { return column_; }
  bool cursor_is_visible() const { return cursor_is_visible_; }
  // The whole screen shows its colours exchanged (DECSCNM).
  bool is_reversed() const { return is_reversed_; }
  // The arrow keys send ESC O A instead of ESC [ A (DECCKM).
  bool application_keys() const { return application_keys_; }

  // What programs asked for (where the cursor is, what terminal this is), to be handed to the terminal as input. Takes
  // at most `capacity` bytes; answers that nobody takes are lost when there are too many.
  usize take_answers(char* to, usize capacity);
  bool has_answers() const { return answer_size_ != 0; }

 private:
  // What DECSC saves.
  struct Saved {
    u32 row = 0, column = 0;
    Cell pen;
    bool origin = false;
    u8 charset = 0;
    bool is_graphics[2] = {};
  };

  void print(u32 code) override;
  void control(u8 byte) override;
  void escape(u8 intermediate, u8 final) override;
  void sequence(const ControlSequence& what) override;

  // emulator_sequences.cpp
  void move_by_sequence(const ControlSequence& what);
  void edit_by_sequence(const ControlSequence& what);
  void erase_in_line(u32 how);
  void erase_in_display(u32 how);
  void set_tabs(const ControlSequence& what);
  void set_modes(const ControlSequence& what, bool on);
  void set_private_mode(u32 mode, bool on);
  void set_rendition(const ControlSequence& what);
  usize set_extended_color(const ControlSequence& what, u32 index, u8& color);
  void set_scroll_region(const ControlSequence& what);
  void report(const ControlSequence& what);

  void reset();
  void place(u32 row, u32 column);
  void place_in_region(u32 row, u32 column);
  void line_feed();
  void reverse_line_feed();
  void next_tab();
  void save();
  void restore();
  void answer(std::string_view text);
  void put_character(u32 code);
  Cell blank() const;

  EscapeParser parser_;
  Cells cells_;
  u32 row_ = 0, column_ = 0;
  u32 top_ = 0, end_ = 0;      // the scroll region, `end_` excluded
  bool wrap_pending_ = false;  // the last column was written: the next character begins a line
  Cell pen_;                   // colours and flags of what is printed
  Saved saved_;
  u8 charset_ = 0;            // G0 or G1
  bool is_graphics_[2] = {};  // that set is DEC's line drawing
  bool cursor_is_visible_ = true;
  bool is_reversed_ = false;
  bool application_keys_ = false;
  bool origin_ = false;           // rows count from the scroll region's top (DECOM)
  bool wraps_ = true;             // DECAWM
  bool inserts_ = false;          // IRM
  bool newline_returns_ = false;  // LNM
  bool in_log_line_ = false;      // a line of the log has begun and not ended
  lib::Vector<bool> tabs_;
  char answers_[64] = {};
  usize answer_size_ = 0;
};

}  // namespace tty
