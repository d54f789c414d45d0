// Which devices the kernel's log goes to and which one /dev/console is: the words `console=` of the command line, as on
// Linux. The log goes to all that are named, /dev/console is the last of them. Where none is named, the log goes to
// all there are, and the console is the serial port. Pure.
#pragma once

#include "kernel/lib/command_line.hpp"

namespace tty {

struct ConsoleChoice {
  bool log_to_serial = true;
  bool log_to_screen = true;
  bool console_is_screen = false;
};

// A name of something that is not there, or not known, counts for nothing.
ConsoleChoice choose_console(const lib::CommandLine& options, bool has_screen);

}  // namespace tty
