// What init says: on the console and in the kernel's log, one line at a time.
#pragma once

namespace init {

// printf-style, without a newline.
void say(const char* format, ...) __attribute__((format(printf, 1, 2)));
void warn(const char* format, ...) __attribute__((format(printf, 1, 2)));

// The last of the boot's stages, in the form of the kernel's (kernel/init/stage.hpp): with the time since this program
// began, and since the kernel did.
void stage_done(const char* text);

}  // namespace init
