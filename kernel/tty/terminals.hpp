// All terminals there are, so that a session finds the one that it controls. Guarded by a spinning lock of its own
// (LockClass::Terminals), under which each terminal's state may be looked at.
#pragma once

#include "kernel/tty/terminal.hpp"

namespace tty {

// A terminal adds itself when it can be opened, and takes itself off before it goes.
void add_terminal(Terminal& terminal);
void remove_terminal(Terminal& terminal);

// A file of the terminal for the caller, whose controlling terminal it becomes where that is possible, unless O_NOCTTY
// is among `flags`. ENOMEM.
Result<lib::Ref<vfs::File>> open_terminal(lib::Ref<Terminal> terminal, const vfs::Path& path, u32 flags);

// The controlling terminal of a session; null: it has none.
lib::Ref<Terminal> terminal_of(i32 session);
// The leader of the session is gone: its terminal is free, and its foreground group hears of it.
void release_terminal_of(i32 session);

}  // namespace tty
