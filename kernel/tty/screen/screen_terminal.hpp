// The terminal of the screen and the keyboards: /dev/tty1, and /dev/tty0, which is the same since there is only one.
#pragma once

#include "kernel/tty/terminal.hpp"

namespace tty {

// Null where the machine has no screen, and before late initialization.
Terminal* screen_terminal();

}  // namespace tty
