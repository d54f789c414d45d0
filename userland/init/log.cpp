#include "userland/init/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstdio>

namespace init {
namespace {

// Its zero is the kernel's start.
using Clock = std::chrono::steady_clock;
const Clock::time_point g_began = Clock::now();

// The kernel's log shows it on the console too, if it is serious enough for the level that is set.
void put(int level, const char* format, va_list arguments) {
  char line[512];
  int length = std::snprintf(line, sizeof line, "<%d>init: ", level);
  const int added = std::vsnprintf(line + length, sizeof line - static_cast<size_t>(length) - 1, format, arguments);
  length = std::min(length + added, static_cast<int>(sizeof line) - 2);
  line[length++] = '\n';
  const int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  const int to = log >= 0 ? log : STDERR_FILENO;
  static_cast<void>(!write(to, line, static_cast<size_t>(length)));
  if (log >= 0) close(log);
}

}  // namespace

void say(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  put(6, format, arguments);
  va_end(arguments);
}

void warn(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  put(4, format, arguments);
  va_end(arguments);
}

void stage_done(const char* text) {
  using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::milliseconds;
  const Clock::time_point now = Clock::now();
  const long took_us = duration_cast<microseconds>(now - g_began).count();
  say("[INIT] %s (%ld.%03ld ms, %ld ms since start)", text, took_us / 1000, took_us % 1000,
      static_cast<long>(duration_cast<milliseconds>(now.time_since_epoch()).count()));
}

}  // namespace init
