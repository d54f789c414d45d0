// From keys to what a terminal gets: the US layout, with the sequences of Linux's console for the keys that are no
// characters.
//
// Pure; the caller sees to it that one key is told of at a time. Both Alt keys put ESC before what another key sends.
// Alt and SysRq held make the next key a command to the kernel.
#pragma once

#include <string_view>

#include "kernel/lib/types.hpp"

namespace tty {

class Keymap {
 public:
  // Lamps, as input devices number them (INPUT_LED_* in kernel/driver_loader.h).
  static constexpr u32 kNumLock = 1, kCapsLock = 2, kScrollLock = 4;

  struct Output {
    char bytes[8] = {};
    usize size = 0;
    char sysrq = 0;  // the command, or 0
    bool locks_changed = false;
    std::string_view text() const { return {bytes, size}; }
  };

  // A key of Linux's numbers (input-event-codes.h): value 0 released, 1 pressed, 2 repeated. `application` is the
  // terminal's DECCKM.
  Output key(u16 code, i32 value, bool application);

  u32 locks() const { return locks_; }

 private:
  bool is_held(u32 modifiers) const { return (held_ & modifiers) != 0; }
  bool take_modifier(u16 code, bool pressed);
  bool take_lock(u16 code, i32 value);
  char character(u16 code) const;
  char sysrq_character(u16 code) const;

  u32 held_ = 0;  // modifier keys, a bit each
  u32 locks_ = 0;
};

}  // namespace tty
