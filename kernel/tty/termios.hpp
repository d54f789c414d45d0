// The terminal settings of the Linux interface (include/uapi/asm-generic/termbits.h; the same on all three
// architectures).
#pragma once

#include "kernel/lib/types.hpp"

namespace tty {

struct Termios {
  u32 input, output, control, local;
  u8 line;
  u8 characters[19];
};
static_assert(sizeof(Termios) == 36);

struct WindowSize {
  u16 rows = 0, columns = 0, x_pixels = 0, y_pixels = 0;
};

namespace input_flag {
inline constexpr u32 kIgnoreBreak = 1, kStrip = 040, kNlToCr = 0100, kIgnoreCr = 0200, kCrToNl = 0400, kLower = 01000,
                     kXon = 02000, kXany = 04000, kBell = 020000, kUtf8 = 040000;
}
namespace output_flag {
inline constexpr u32 kPost = 1, kNlToCrNl = 4, kCrToNl = 010, kNoCr = 020, kNlReturns = 040;
}
namespace control_flag {
inline constexpr u32 kB38400 = 017, kSize8 = 060, kRead = 0200, kHangupOnClose = 02000;
}
namespace local_flag {
inline constexpr u32 kSignals = 1, kCanonical = 2, kEcho = 010, kEchoErase = 020, kEchoKill = 040, kEchoNl = 0100,
                     kNoFlush = 0200, kStopOutput = 0400, kEchoControl = 01000, kEchoKillVisually = 04000,
                     kExtended = 0100000;
}
// Indices into Termios::characters.
enum class Control : u8 {
  Interrupt = 0,
  Quit = 1,
  Erase = 2,
  Kill = 3,
  EndOfFile = 4,
  Time = 5,
  Minimum = 6,
  Start = 8,
  Stop = 9,
  Suspend = 10,
  EndOfLine = 11,
  Reprint = 12,
  WordErase = 14,
  LiteralNext = 15,
  EndOfLine2 = 16,
};

inline constexpr Termios kDefaultTermios = {
    input_flag::kCrToNl | input_flag::kXon | input_flag::kUtf8,
    output_flag::kPost | output_flag::kNlToCrNl,
    control_flag::kB38400 | control_flag::kSize8 | control_flag::kRead | control_flag::kHangupOnClose,
    local_flag::kSignals | local_flag::kCanonical | local_flag::kEcho | local_flag::kEchoErase | local_flag::kEchoKill |
        local_flag::kEchoControl | local_flag::kEchoKillVisually | local_flag::kExtended,
    0,
    {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0},
};

}  // namespace tty
