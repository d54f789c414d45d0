// What init says: on the console and in the kernel's log, one line at a time.
#pragma once

namespace init {

// printf-style, without a newline.
void say(const char* format, ...) __attribute__((format(printf, 1, 2)));
void warn(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace init
