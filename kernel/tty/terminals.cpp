#include "kernel/tty/terminals.hpp"

#include "fs/vfs/special.hpp"
#include "kernel/lib/subsystem.hpp"

namespace tty {
namespace {

struct Terminals {
  lib::List<Terminal> list;
};
sync::Locked<Terminals, sync::LockClass::Terminals> g_terminals;

constexpr u32 kAuxMajor = 5, kCurrent = 0;

// /dev/tty: whatever controls the caller's session.
Result<lib::Ref<vfs::File>> open_current(void*, vfs::DeviceNumber, const vfs::Path& path, u32 flags) {
  lib::Ref<Terminal> terminal = terminal_of(job_control().current_session());
  if (!terminal) return Err(Errno::ENXIO);
  lib::Ref<vfs::File> file = TRY(lib::make_ref<TerminalFile>(path, flags, std::move(terminal)));
  return file;
}

class TerminalsSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "terminals"; }
  void on_late_init(kernel::Kernel&) override {
    static_cast<void>(vfs::register_device(vfs::FileType::Character, kAuxMajor, kCurrent, 1, open_current, nullptr));
  }
};
REGISTER_SUBSYSTEM(TerminalsSubsystem);

}  // namespace

Result<lib::Ref<vfs::File>> open_terminal(lib::Ref<Terminal> terminal, const vfs::Path& path, u32 flags) {
  lib::Ref<vfs::File> file = TRY(lib::make_ref<TerminalFile>(path, flags, terminal));
  if ((flags & vfs::open_flag::kNoctty) == 0) terminal->try_acquire_control();
  return file;
}

void add_terminal(Terminal& terminal) {
  g_terminals.with([&](Terminals& all) { all.list.push_back(terminal); });
}

void remove_terminal(Terminal& terminal) {
  g_terminals.with([&](Terminals& all) { all.list.erase(all.list.iterator_to(terminal)); });
}

lib::Ref<Terminal> terminal_of(i32 session) {
  if (session == 0) return nullptr;
  return g_terminals.with([&](Terminals& all) -> lib::Ref<Terminal> {
    for (Terminal& terminal : all.list) {
      if (terminal.session() == session && terminal.try_acquire()) return lib::Ref<Terminal>::adopt(&terminal);
    }
    return nullptr;
  });
}

void release_terminal_of(i32 session) {
  if (const lib::Ref<Terminal> terminal = terminal_of(session)) terminal->release_control(session);
}

}  // namespace tty
