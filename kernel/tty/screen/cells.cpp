#include "kernel/tty/screen/cells.hpp"

#include <algorithm>

namespace tty {

Status Cells::create(u32 rows, u32 columns) {
  if (rows == 0 || columns == 0 || rows > kMostRows || columns > kMostColumns) return Err(Errno::EINVAL);
  TRY(cells_.resize(usize{rows} * columns));
  TRY(order_.resize(rows));
  TRY(spare_.resize(rows));
  TRY(changed_.resize(rows));
  rows_ = rows;
  columns_ = columns;
  std::fill(&cells_[0], &cells_[0] + usize{rows} * columns, Cell{});
  for (u32 i = 0; i < rows; ++i) order_[i] = static_cast<u16>(i);
  touch_all();
  return {};
}

void Cells::fill(u32 row, u32 first, u32 end, const Cell& cell) {
  const std::span<Cell> line = this->row(row);
  std::fill(line.begin() + first, line.begin() + end, cell);
  touch(row);
}

void Cells::move_within(u32 row, u32 from, u32 to) {
  const std::span<Cell> line = this->row(row);
  if (from > to) {
    std::copy(line.begin() + from, line.end(), line.begin() + to);
  } else if (to < columns_) {
    std::copy_backward(line.begin() + from, line.end() - (to - from), line.end());
  }
  touch(row);
}

// Row `top + count` becomes row `top`; the first `count` rows come to the end.
void Cells::rotate(u32 top, u32 end, u32 count) {
  const u32 size = end - top;
  for (u32 i = 0; i < size; ++i) spare_[i] = order_[top + (i + count) % size];
  for (u32 i = 0; i < size; ++i) {
    order_[top + i] = spare_[i];
    touch(top + i);
  }
}

void Cells::scroll_up(u32 top, u32 end, u32 count, const Cell& blank) {
  if (top >= end || count == 0) return;
  count = std::min(count, end - top);
  rotate(top, end, count);
  for (u32 row = end - count; row < end; ++row) fill(row, 0, columns_, blank);
}

void Cells::scroll_down(u32 top, u32 end, u32 count, const Cell& blank) {
  if (top >= end || count == 0) return;
  count = std::min(count, end - top);
  rotate(top, end, end - top - count);
  for (u32 row = top; row < top + count; ++row) fill(row, 0, columns_, blank);
}

void Cells::touch_all() {
  for (u32 row = 0; row < rows_; ++row) touch(row);
}

bool Cells::take_changed(u32 row) { return std::exchange(changed_[row], false); }

}  // namespace tty
