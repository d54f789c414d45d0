// The kernel log: a ring of lines in memory, and the console.
//
//   LOG_INFO("mm", "%lu MiB of RAM", megabytes);
//
// Lines carry a level (Linux's numbers), a sequence number and the time since boot. Every line goes to the ring; those
// more urgent than the console level go to the console as well, in one piece. Usable in any context from the first
// instruction of kernel_main() on. The ring keeps the newest kLogRingBytes; readers that were overtaken skip ahead.
#pragma once

#include <cstdarg>
#include <string_view>

#include "hal/log.h"
#include "kernel/lib/types.hpp"

namespace diag {

inline constexpr usize kLogRingBytes = 64 * KiB;
inline constexpr usize kLogLineMax = 512;  // longer lines are cut

void log(hal_log_level_t level, const char* module, const char* format, ...) __attribute__((format(printf, 3, 4)));
void log_v(hal_log_level_t level, const char* module, const char* format, va_list arguments);

// Lines with a level below this number reach the console (default 7: all but debug). `loglevel=`, `quiet`, syslog(8).
void set_console_level(int level);
int console_level();

// Who shows text on a screen, beside or instead of the early console. Called with interrupts off, and alone but for a
// CPU that panics.
using ConsoleWriter = void (*)(std::string_view text);
void set_screen_writer(ConsoleWriter writer);
// Where the console is: on the early console, on the screen, or both (default: both). A panic goes everywhere.
void set_console_outputs(bool early_console, bool screen);
// Hands the lines so far that are for the console to a writer that has just come. During initialization.
void show_log(ConsoleWriter writer);
// Raw text to the console, not to the ring: the panic path's way out.
void console_write(std::string_view text);
// A program's bytes to the early console, as they are: lines of the log come between pieces of them, not into them. Any
// context; interrupts are off for a piece at a time.
void console_send(std::string_view text);
// From now on the console ignores locks: this CPU is the last one that speaks.
void break_console_lock();

struct LogLine {
  u64 sequence = 0;
  u64 time_ns = 0;
  int level = 0;
  usize length = 0;
  char text[kLogLineMax];  // "module: message", no newline
};
// The oldest line whose sequence is at least `from`. False if there is none yet.
bool read_log(u64 from, LogLine& line);
u64 next_log_sequence();
// Called after each line outside the log's lock, to wake readers. Any context.
void set_log_listener(void (*listener)());

}  // namespace diag

#define LOG_ERROR(module, ...)   diag::log(HAL_LOG_ERROR, module, __VA_ARGS__)
#define LOG_WARNING(module, ...) diag::log(HAL_LOG_WARNING, module, __VA_ARGS__)
#define LOG_NOTICE(module, ...)  diag::log(HAL_LOG_NOTICE, module, __VA_ARGS__)
#define LOG_INFO(module, ...)    diag::log(HAL_LOG_INFO, module, __VA_ARGS__)
#define LOG_DEBUG(module, ...)   diag::log(HAL_LOG_DEBUG, module, __VA_ARGS__)
