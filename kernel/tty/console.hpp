// /dev/console: the terminal that the command line chose (console=), and /dev/ttyS0: a terminal on the machine's early
// console, until and unless a serial driver takes over.
#pragma once

#include "kernel/tty/terminal.hpp"

namespace tty {

Terminal& console();

}  // namespace tty
