#include "kernel/tty/screen/screen.hpp"

#include <algorithm>

#include "hal/cpu.hpp"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "hal/timer.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/diag/panic.hpp"
#include "kernel/lib/spin.hpp"
#include "kernel/sched/thread.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/tty/screen/emulator.hpp"
#include "kernel/tty/screen/painter.hpp"

namespace tty {
namespace {

constexpr u64 kFrameNs = 16'000'000;
constexpr usize kPiece = 256;         // bytes that are taken with interrupts off
constexpr u64 kMostBytes = 64 * MiB;  // of a framebuffer

struct Screen {
  // Cells and cursor. Spinning, interrupts off; bare, because the log comes here with any other lock held.
  lib::RawSpinLock lock;
  Emulator emulator;

  // The picture: `shown` is what it shows. Held while drawing, with interrupts as they are; interrupts only try it.
  lib::RawSpinLock drawing;
  Painter painter;
  lib::Vector<Cell> shown;
  lib::Vector<Cell> line;

  std::atomic<bool> is_changed = true;
  std::atomic<bool> has_thread = false;
  AnswerListener listener = nullptr;
  sync::WaitQueue changed;
  sync::WaitQueue pause;
  WindowSize size;
};
Screen* g_screen;

template <class F>
decltype(auto) with_cells(F&& function) {
  const hal::InterruptGuard interrupts_off;
  // Whoever held the lock has been stopped; what is left of the cells can be drawn all the same.
  const bool is_last = diag::is_panicking();
  if (!is_last) g_screen->lock.lock();
  struct Release {
    bool wanted;
    ~Release() {
      if (wanted) g_screen->lock.unlock();
    }
  } const release{!is_last};
  return function(g_screen->emulator);
}

// Copies a row as it shall look, with the cursor. False: it has not changed.
bool take_row(Emulator& emulator, u32 row, lib::Vector<Cell>& to) {
  Cells& cells = emulator.cells();
  if (!cells.take_changed(row)) return false;
  std::ranges::copy(cells.row(row), to.begin());
  if (emulator.cursor_is_visible() && emulator.row() == row) to[emulator.column()].flags ^= Cell::kReverse;
  if (!emulator.is_reversed()) return true;
  for (Cell& cell : to) cell.flags ^= Cell::kReverse;
  return true;
}

// The caller draws alone, or is the last.
void draw() {
  Screen& screen = *g_screen;
  const u32 columns = static_cast<u32>(screen.line.size());
  for (u32 row = 0; row < screen.size.rows; ++row) {
    if (!with_cells([&](Emulator& emulator) { return take_row(emulator, row, screen.line); })) continue;
    Cell* shown = &screen.shown[usize{row} * columns];
    for (u32 column = 0; column < columns; ++column) {
      if (screen.line[column] == shown[column]) continue;
      screen.painter.paint(row, column, screen.line[column]);
      shown[column] = screen.line[column];
    }
  }
}

// Without waiting: who draws already looks again afterwards.
void try_to_draw() {
  Screen& screen = *g_screen;
  while (screen.is_changed.load(std::memory_order_seq_cst) && screen.drawing.try_lock()) {
    screen.is_changed.store(false, std::memory_order_seq_cst);
    draw();
    screen.drawing.unlock();
  }
}

// --- the log ---

void write_log(std::string_view text) {
  with_cells([&](Emulator& emulator) { emulator.write_log(text); });
  g_screen->is_changed.store(true, std::memory_order_seq_cst);
  if (diag::is_panicking()) draw();
}

// A line is complete; the log's own locks are free again.
void log_changed() {
  Screen& screen = *g_screen;
  if (!screen.has_thread.load(std::memory_order_acquire) || !screen.is_changed.load(std::memory_order_relaxed)) return;
  const bool may_wake = hal::interrupts_enabled() && hal::current_thread()->preempt_count == 0;
  if (may_wake) {
    screen.changed.wake_all();
  } else {
    try_to_draw();
  }
}

// --- the thread ---

void deliver_answers() {
  char text[64];
  const usize size = with_cells([&](Emulator& emulator) { return emulator.take_answers(text, sizeof(text)); });
  if (size != 0) g_screen->listener({text, size});
}

void draw_for_ever(void*) {
  Screen& screen = *g_screen;
  for (;;) {
    static_cast<void>(screen.changed.wait([&] { return screen.is_changed.load(std::memory_order_seq_cst); }));
    deliver_answers();
    try_to_draw();
    static_cast<void>(
        screen.pause.wait([] { return false; }, sync::WaitMode::Uninterruptible, hal::monotonic_ns() + kFrameNs));
  }
}

// --- setting up ---

Status set_up(Screen& screen, const hal::Framebuffer& framebuffer, const PixelFormat& format, const Font& font) {
  const u32 rows = std::min(framebuffer.height / font.height, Cells::kMostRows);
  const u32 columns = std::min(framebuffer.width / Font::kWidth, Cells::kMostColumns);
  TRY(screen.emulator.create(rows, columns));
  TRY(screen.line.resize(columns));
  TRY(screen.shown.resize(usize{rows} * columns));
  // No character looks like this one, so that everything is drawn once.
  for (Cell& cell : screen.shown) cell.code = ~u32{0};
  const u64 bytes = u64{framebuffer.height} * framebuffer.pitch;
  volatile void* pixels =
      hal_map_physical(framebuffer.base.value, bytes, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_WRITE_COMBINE);
  if (pixels == nullptr) return Err(Errno::ENOMEM);
  screen.painter = Painter(static_cast<volatile u8*>(pixels), framebuffer.pitch, format, font);
  screen.size = {static_cast<u16>(rows), static_cast<u16>(columns), static_cast<u16>(columns * Font::kWidth),
                 static_cast<u16>(rows * font.height)};
  return {};
}

bool is_usable(const hal::Framebuffer& framebuffer, const PixelFormat& format, const Font& font) {
  return !framebuffer.is_text && format.is_usable() && framebuffer.width >= Font::kWidth &&
         framebuffer.height >= font.height && u64{framebuffer.width} * format.bytes() <= framebuffer.pitch &&
         u64{framebuffer.height} * framebuffer.pitch <= kMostBytes;
}

}  // namespace

Status start_screen(const hal::Framebuffer& framebuffer) {
  const PixelFormat format{.bits_per_pixel = framebuffer.bits_per_pixel,
                           .red_shift = framebuffer.red_shift,
                           .red_bits = framebuffer.red_bits,
                           .green_shift = framebuffer.green_shift,
                           .green_bits = framebuffer.green_bits,
                           .blue_shift = framebuffer.blue_shift,
                           .blue_bits = framebuffer.blue_bits};
  const Font font = console_font();
  if (!is_usable(framebuffer, format, font)) return Err(Errno::EOPNOTSUPP);
  auto screen = TRY(lib::make_own<Screen>());
  TRY(set_up(*screen, framebuffer, format, font));
  g_screen = screen.release();
  diag::set_screen_writer(write_log);
  diag::set_log_listener(log_changed);
  return {};
}

void show_log_so_far() { diag::show_log(write_log); }

Status start_drawing(AnswerListener listener) {
  g_screen->listener = listener;
  constexpr sched::Priority kPriority{.policy = sched::Policy::Normal, .nice = -15, .realtime = 0};
  TRY(sched::start_kernel_thread("screen", draw_for_ever, nullptr, kPriority));
  g_screen->has_thread.store(true, std::memory_order_release);
  return {};
}

bool has_screen() { return g_screen != nullptr; }
WindowSize screen_size() { return g_screen->size; }

void write_to_screen(std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kPiece);
    with_cells([&](Emulator& emulator) { emulator.write(piece); });
    text.remove_prefix(piece.size());
  }
  g_screen->is_changed.store(true, std::memory_order_seq_cst);
  g_screen->changed.wake_all();
}

bool screen_wants_application_keys() {
  return g_screen != nullptr && with_cells([](Emulator& emulator) { return emulator.application_keys(); });
}

}  // namespace tty
