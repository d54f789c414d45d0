// The characters of a screen: what stands where, in which colours, and which rows have changed.
//
// Pure: no lock, no device. Rows are found through a permutation, so that scrolling moves numbers and not characters.
// Invariant: order_ is a permutation of 0 to rows-1 at all times. Callers stay inside the grid; what comes from
// programs is brought into range by the Emulator.
#pragma once

#include <span>

#include "kernel/lib/vector.hpp"

namespace tty {

struct Cell {
  static constexpr u8 kBold = 1, kUnderline = 2, kReverse = 4;
  static constexpr u8 kDefaultForeground = 7, kDefaultBackground = 0;

  u32 code = ' ';                                                       // Unicode
  u8 foreground = kDefaultForeground, background = kDefaultBackground;  // of 16 colours
  u8 flags = 0;
  u8 unused = 0;

  bool operator==(const Cell&) const = default;
};
static_assert(sizeof(Cell) == 8);

class Cells {
 public:
  static constexpr u32 kMostRows = 1024, kMostColumns = 1024;

  // All blank, all changed. EINVAL for no rows or columns or too many, ENOMEM. Once.
  Status create(u32 rows, u32 columns);

  u32 rows() const { return rows_; }
  u32 columns() const { return columns_; }

  std::span<Cell> row(u32 row) { return {&cells_[usize{order_[row]} * columns_], columns_}; }
  std::span<const Cell> row(u32 row) const { return {&cells_[usize{order_[row]} * columns_], columns_}; }

  // Puts one cell; its row has changed.
  void put(u32 row, u32 column, const Cell& cell) {
    cells_[usize{order_[row]} * columns_ + column] = cell;
    touch(row);
  }
  // Fills columns [first, end) of a row.
  void fill(u32 row, u32 first, u32 end, const Cell& cell);
  // Moves the part of a row from `from` on to `to`; cells that this uncovers keep what they had.
  void move_within(u32 row, u32 from, u32 to);
  // Moves rows [top, end) up by `count`, at most all of them; the rows that become free at the bottom are filled.
  void scroll_up(u32 top, u32 end, u32 count, const Cell& blank);
  void scroll_down(u32 top, u32 end, u32 count, const Cell& blank);

  void touch(u32 row) { changed_[row] = true; }
  void touch_all();
  // True if the row has changed since this was asked last.
  bool take_changed(u32 row);

 private:
  void rotate(u32 top, u32 end, u32 count);

  u32 rows_ = 0, columns_ = 0;
  lib::Vector<Cell> cells_;
  lib::Vector<u16> order_;
  lib::Vector<u16> spare_;  // for rotating
  lib::Vector<bool> changed_;
};

}  // namespace tty
