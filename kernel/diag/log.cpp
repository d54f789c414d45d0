#include "kernel/diag/log.hpp"

#include <algorithm>
#include <cstring>

#include "hal/console.h"
#include "hal/cpu.hpp"
#include "hal/timer.hpp"
#include "kernel/diag/panic.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/lib/spin.hpp"

namespace diag {
namespace {

// A record is a header and its text, padded to the header's alignment. Records never wrap around the end of the ring:
// what is left there is skipped (a header with length kSkip, or less room than a header).
struct RecordHeader {
  u64 sequence;
  u64 time_ns;
  u16 length;
  u16 level;
  u32 unused;
};
constexpr u16 kSkip = 0xffff;

struct Ring {
  alignas(RecordHeader) char bytes[kLogRingBytes];
  u64 head = 0;  // next byte to write, counted from the beginning of time
  u64 tail = 0;  // oldest record
  u64 sequence = 0;

  RecordHeader* header_at(u64 position) { return reinterpret_cast<RecordHeader*>(&bytes[position % kLogRingBytes]); }

  static usize record_size(usize length) { return align_up(sizeof(RecordHeader) + length, alignof(RecordHeader)); }

  u64 next(u64 position) {
    const usize to_end = kLogRingBytes - position % kLogRingBytes;
    if (to_end < sizeof(RecordHeader) || header_at(position)->length == kSkip) return position + to_end;
    return position + record_size(header_at(position)->length);
  }

  void make_room(usize size) {
    while (head + size - tail > kLogRingBytes) tail = next(tail);
  }

  void append(int level, u64 time_ns, std::string_view text) {
    const usize size = record_size(text.size());
    const usize to_end = kLogRingBytes - head % kLogRingBytes;
    if (to_end < size) {
      make_room(to_end);
      if (to_end >= sizeof(RecordHeader)) header_at(head)->length = kSkip;
      head += to_end;
    }
    make_room(size);
    RecordHeader* header = header_at(head);
    *header = {sequence++, time_ns, static_cast<u16>(text.size()), static_cast<u16>(level), 0};
    std::memcpy(header + 1, text.data(), text.size());
    head += size;
  }
};

Ring g_ring;
lib::RawSpinLock g_ring_lock;
lib::RawSpinLock g_console_lock;
std::atomic<bool> g_console_lock_broken = false;
std::atomic<int> g_console_level = HAL_LOG_DEBUG;
std::atomic<ConsoleWriter> g_screen_writer = nullptr;
std::atomic<bool> g_early_console_wanted = true;
std::atomic<bool> g_screen_wanted = true;
std::atomic<void (*)()> g_listener = nullptr;

void write_early(std::string_view text) {
  for (const char c : text) {
    if (c == '\n') hal_console_putc('\r');
    hal_console_putc(c);
  }
}

// Alone on the console, unless the last CPU that speaks broke the lock; what another one still has to say is dropped.
template <class Write>
void with_console(Write&& write) {
  hal::InterruptGuard interrupts_off;
  const bool broken = g_console_lock_broken.load(std::memory_order_relaxed);
  if (!broken) g_console_lock.lock();
  if (may_speak()) write();
  if (!broken) g_console_lock.unlock();
}

void write_line(ConsoleWriter write, u64 time_ns, std::string_view text) {
  char prefix[32];
  const u64 microseconds = time_ns / 1000;
  const usize length =
      lib::format_into(prefix, sizeof(prefix), "[%5lu.%06lu] ", microseconds / 1000000, microseconds % 1000000);
  write({prefix, length});
  write(text);
  write("\n");
}

}  // namespace

void console_write(std::string_view text) {
  const ConsoleWriter screen = g_screen_writer.load(std::memory_order_acquire);
  const bool everywhere = is_panicking();
  if (everywhere || g_early_console_wanted.load(std::memory_order_relaxed)) write_early(text);
  if (screen != nullptr && (everywhere || g_screen_wanted.load(std::memory_order_relaxed))) screen(text);
}

void show_log(ConsoleWriter writer) {
  LogLine line;
  for (u64 next = 0; read_log(next, line); next = line.sequence + 1) {
    if (line.level < console_level()) write_line(writer, line.time_ns, {line.text, line.length});
  }
}

void console_send(std::string_view text) {
  constexpr usize kPiece = 32;  // 3 ms on a real line
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kPiece);
    with_console([&] {
      for (const char c : piece) hal_console_putc(c);
    });
    text.remove_prefix(piece.size());
  }
}

void log_v(hal_log_level_t level, const char* module, const char* format, va_list arguments) {
  char text[kLogLineMax];
  usize length = lib::format_into(text, sizeof(text), "%s: ", module);
  length += lib::format_into_v(text + length, sizeof(text) - length, format, arguments);
  const u64 now = hal::monotonic_ns();
  {
    hal::InterruptGuard interrupts_off;
    g_ring_lock.lock();
    g_ring.append(level, now, {text, length});
    g_ring_lock.unlock();
  }
  if (level < g_console_level.load(std::memory_order_relaxed)) {
    with_console([&] { write_line(console_write, now, {text, length}); });
  }
  if (auto* listener = g_listener.load(std::memory_order_acquire)) listener();
}

void log(hal_log_level_t level, const char* module, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  log_v(level, module, format, arguments);
  va_end(arguments);
}

void set_console_level(int level) { g_console_level.store(level, std::memory_order_relaxed); }
int console_level() { return g_console_level.load(std::memory_order_relaxed); }
void set_screen_writer(ConsoleWriter writer) { g_screen_writer.store(writer, std::memory_order_release); }
void set_console_outputs(bool early_console, bool screen) {
  g_early_console_wanted.store(early_console, std::memory_order_relaxed);
  g_screen_wanted.store(screen, std::memory_order_relaxed);
}
void break_console_lock() {
  // Whoever writes may end its line, as long as it is not this CPU, or one that is broken as well.
  constexpr int kPatience = 1'000'000;
  bool locked = false;
  for (int tries = 0; tries < kPatience && !locked; ++tries) {
    locked = g_console_lock.try_lock();
    if (!locked) hal::relax();
  }
  g_console_lock_broken.store(true, std::memory_order_relaxed);
  if (locked) g_console_lock.unlock();
}
void set_log_listener(void (*listener)()) { g_listener.store(listener, std::memory_order_release); }

bool read_log(u64 from, LogLine& line) {
  hal::InterruptGuard interrupts_off;
  g_ring_lock.lock();
  bool found = false;
  for (u64 at = g_ring.tail; at != g_ring.head; at = g_ring.next(at)) {
    if (kLogRingBytes - at % kLogRingBytes < sizeof(RecordHeader)) continue;
    const RecordHeader* header = g_ring.header_at(at);
    if (header->length == kSkip || header->sequence < from) continue;
    line.sequence = header->sequence;
    line.time_ns = header->time_ns;
    line.level = header->level;
    line.length = header->length;
    std::memcpy(line.text, header + 1, header->length);
    found = true;
    break;
  }
  g_ring_lock.unlock();
  return found;
}

u64 next_log_sequence() {
  hal::InterruptGuard interrupts_off;
  g_ring_lock.lock();
  const u64 sequence = g_ring.sequence;
  g_ring_lock.unlock();
  return sequence;
}

}  // namespace diag

void hal_log(hal_log_level_t level, const char* module, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  diag::log_v(level, module, format, arguments);
  va_end(arguments);
}
