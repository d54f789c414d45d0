// The machine's screen: the framebuffer that the boot loader left, as a terminal of characters.
//
// What is written changes cells in memory, under a lock that is held for a moment; a thread of its own draws what has
// changed, at most some sixty times a second, so that output that runs past is not drawn line by line. The framebuffer
// is never read. In a panic the CPU that panics draws at once and ignores the locks.
//
// Lines of the kernel's log come by diag's console writer; whoever logs in a context in which no thread may be woken
// draws the change itself, unless the thread is at it.
#pragma once

#include <string_view>

#include "hal/boot_info.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/tty/termios.hpp"

namespace tty {

// Who gets what programs on the screen asked their terminal. Called by the screen's thread.
using AnswerListener = void (*)(std::string_view text);

// Puts a screen on the framebuffer; from now on the log's lines come to it. EOPNOTSUPP for a format that cannot be
// drawn, ENOMEM. Once, during early initialization.
Status start_screen(const hal::Framebuffer& framebuffer);
// Shows the log so far. During early initialization.
void show_log_so_far();
// From now on it is drawn. ENOMEM. May sleep.
Status start_drawing(AnswerListener listener);

bool has_screen();
// In characters and in pixels.
WindowSize screen_size();

// What a program writes. Any context in which threads may be woken; interrupts are off for a piece at a time.
void write_to_screen(std::string_view text);
// The arrow keys are in application mode. Any context.
bool screen_wants_application_keys();

}  // namespace tty
