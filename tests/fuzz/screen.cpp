// What programs write to the screen, and lines of the log between: on a screen of any small size, drawn at the end. The
// first two bytes are the size; 0xff, which is in no UTF-8, stands for a line of the log.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "kernel/tty/screen/emulator.hpp"
#include "kernel/tty/screen/painter.hpp"

namespace {

constexpr u8 kGlyphs[] = {0xff, 0x81, 0x81, 0xff};
constexpr tty::Font::Entry kEntries[] = {{'a', 0}};
const tty::Font kFont{4, 0, kGlyphs, kEntries};
constexpr tty::PixelFormat kFormat{16, 11, 5, 5, 6, 0, 5};

void draw(const tty::Emulator& screen) {
  const tty::Cells& cells = screen.cells();
  const u32 pitch = cells.columns() * tty::Font::kWidth * kFormat.bytes();
  std::vector<u8> picture(std::size_t{pitch} * cells.rows() * kFont.height);
  tty::Painter painter(picture.data(), pitch, kFormat, kFont);
  for (u32 row = 0; row < cells.rows(); ++row) {
    for (u32 column = 0; column < cells.columns(); ++column) painter.paint(row, column, cells.row(row)[column]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr u32 kMostRows = 30, kMostColumns = 90;
  tty::Emulator screen;
  if (!screen.create(data[0] % kMostRows + 1, data[1] % kMostColumns + 1)) std::abort();
  for (std::size_t i = 2; i < size; ++i) {
    const char byte = static_cast<char>(data[i]);
    if (data[i] == 0xff) {
      screen.write_log("a line of the log\n");
    } else {
      screen.write({&byte, 1});
    }
    if (screen.row() >= screen.cells().rows() || screen.column() >= screen.cells().columns()) std::abort();
  }
  char answers[16];
  while (screen.take_answers(answers, sizeof(answers)) != 0) {}
  draw(screen);
  return 0;
}
