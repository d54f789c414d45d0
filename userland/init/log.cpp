#include "userland/init/log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace init {
namespace {

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

}  // namespace init
