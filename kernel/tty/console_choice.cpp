#include "kernel/tty/console_choice.hpp"

namespace tty {

ConsoleChoice choose_console(const lib::CommandLine& options, bool has_screen) {
  constexpr std::string_view kName = "console=";
  bool serial = false, screen = false, last_is_screen = false;
  options.for_each_word([&](std::string_view word) {
    if (!word.starts_with(kName)) return;
    word.remove_prefix(kName.size());
    const std::string_view device = word.substr(0, word.find(','));  // what follows sets the line's speed
    if (device == "tty" || device == "tty0" || device == "tty1") {
      screen |= has_screen;
      last_is_screen = last_is_screen || has_screen;
    } else if (device.starts_with("ttyS") || device.starts_with("ttyAMA")) {
      serial = true;
      last_is_screen = false;
    }
  });
  if (!serial && !screen) return {.log_to_serial = true, .log_to_screen = has_screen, .console_is_screen = false};
  return {.log_to_serial = serial, .log_to_screen = screen, .console_is_screen = last_is_screen};
}

}  // namespace tty
