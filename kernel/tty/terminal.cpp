#include "kernel/tty/terminal.hpp"

#include <algorithm>

#include "hal/timer.hpp"
#include "kernel/lib/kernel.hpp"
#include "kernel/mm/user_memory.hpp"

namespace tty {
namespace {

using namespace vfs::poll_event;

constexpr int kSighup = 1, kSigcont = 18, kSigttin = 21, kSigttou = 22, kSigwinch = 28;

}  // namespace

JobControl& job_control() { return *kernel::the_kernel().get_service<JobControl>(); }

void Terminal::echo(std::string_view text) { send_processed(text); }
void Terminal::signal(int signal) { held_->pending_signal |= u32{1} << signal; }
void Terminal::flow(bool stop) { held_->stopped = stop; }

// Output processing: a newline gets a carriage return before it.
void Terminal::send_processed(std::string_view text) {
  const u32 flags = input_.settings().output;
  if ((flags & output_flag::kPost) == 0 || (flags & output_flag::kNlToCrNl) == 0) {
    driver_.send(text);
    return;
  }
  while (!text.empty()) {
    const usize end = std::min(text.find('\n'), text.size());
    if (end != 0) driver_.send(text.substr(0, end));
    if (end == text.size()) return;
    driver_.send("\r\n");
    text.remove_prefix(end + 1);
  }
}

usize Terminal::receive(std::span<const u8> bytes) {
  u32 signals = 0;
  i32 group = 0;
  bool readable = false, restarted = false;
  usize taken = 0;
  state_.with([&](State& state) {
    held_ = &state;
    const bool was_stopped = state.stopped;
    while (taken < bytes.size() && takes_input(state)) input_.receive(bytes[taken++]);
    held_ = nullptr;
    signals = std::exchange(state.pending_signal, 0);
    group = state.foreground;
    readable = input_.readable() != 0 || input_.has_line();
    restarted = was_stopped && !state.stopped;
  });
  for (int signal = 1; signal < 32 && group != 0; ++signal) {
    if ((signals >> signal & 1) != 0) job_control().signal_group(group, signal);
  }
  if (readable) can_read.wake_all(kIn | kReadNormal);
  if (restarted) can_write.wake_all(kOut | kWriteNormal);
  return taken;
}

void Terminal::hang_up() {
  i32 session = 0, group = 0;
  state_.with([&](State& state) {
    state.hung_up = true;
    session = std::exchange(state.session, 0);
    group = std::exchange(state.foreground, 0);
  });
  for (const i32 target : {session, group}) {
    if (target == 0) continue;
    job_control().signal_group(target, kSighup);
    job_control().signal_group(target, kSigcont);
  }
  can_read.wake_all();
  can_write.wake_all();
}

Status Terminal::check_foreground_read() {
  for (;;) {
    const State now = state_.with([](State& state) { return state; });
    if (now.session == 0 || now.session != job_control().current_session() ||
        now.foreground == job_control().current_group()) {
      return {};
    }
    if (!job_control().stop_background(kSigttin)) return Err(Errno::EIO);
    return Err(Errno::ERESTARTSYS);
  }
}

Status Terminal::check_foreground_write() {
  const State now = state_.with([](State& state) { return state; });
  const bool background = now.session != 0 && now.session == job_control().current_session() &&
                          now.foreground != job_control().current_group();
  if (!background || !job_control().stop_background(kSigttou)) return {};
  return Err(Errno::ERESTARTSYS);
}

Result<usize> Terminal::read_line(vfs::ReadBuffer& buffer, bool nonblocking) {
  char chunk[256];
  usize done = 0;
  for (;;) {
    bool hung_up = false, line_ended = false;
    usize got = 0;
    bool had_line = false;
    state_.with([&](State& state) {
      hung_up = state.hung_up;
      had_line = input_.has_line();
      if (!had_line) return;
      const usize wanted = std::min(sizeof(chunk), buffer.remaining());
      const usize available = input_.readable();
      got = input_.read(chunk, wanted);
      line_ended = got == available;
    });
    if (had_line) {
      const usize moved = buffer.put(chunk, got);
      done += moved;
      if (moved != got) return Err(Errno::EFAULT);
      if (line_ended || buffer.empty()) return done;
      continue;
    }
    if (done != 0 || hung_up) return done;
    if (nonblocking) return Err(Errno::EAGAIN);
    TRY(can_read.wait([&] { return state_.with([&](State& s) { return input_.has_line() || s.hung_up; }); },
                      sync::WaitMode::Interruptible));
  }
}

// VMIN and VTIME as termios(3) has them.
Result<usize> Terminal::read_raw(vfs::ReadBuffer& buffer, bool nonblocking) {
  char chunk[256];
  usize done = 0;
  u64 deadline = sync::kNoDeadline;
  const auto setting = [&](Control which) {
    return state_.with([&](State&) { return input_.settings().characters[static_cast<usize>(which)]; });
  };
  const usize minimum = setting(Control::Minimum);
  const u64 time_ns = u64{setting(Control::Time)} * 100'000'000;
  if (minimum == 0) deadline = hal::monotonic_ns() + time_ns;
  for (;;) {
    bool hung_up = false;
    const usize got = state_.with([&](State& state) {
      hung_up = state.hung_up;
      return input_.read(chunk, std::min(sizeof(chunk), buffer.remaining()));
    });
    const usize moved = buffer.put(chunk, got);
    done += moved;
    if (moved != got) return Err(Errno::EFAULT);
    if (buffer.empty() || hung_up || done >= std::max<usize>(minimum, 1)) {
      if (got == 0 || buffer.empty()) return done;
      continue;  // more may be there already
    }
    if (minimum == 0 && done != 0) return done;
    if (nonblocking) return done != 0 ? Result<usize>(done) : Err(Errno::EAGAIN);
    if (minimum != 0 && time_ns != 0 && done != 0) deadline = hal::monotonic_ns() + time_ns;
    const Status waited =
        can_read.wait([&] { return state_.with([&](State& s) { return input_.pending() != 0 || s.hung_up; }); },
                      sync::WaitMode::Interruptible, deadline);
    if (!waited && waited.error() == Errno::ETIMEDOUT) return done;
    if (!waited) return done != 0 ? Result<usize>(done) : Err(waited.error());
  }
}

Result<usize> Terminal::read(vfs::ReadBuffer& buffer, bool nonblocking) {
  if (buffer.empty()) return usize{0};
  TRY(check_foreground_read());
  const bool canonical = state_.with([&](State&) { return (input_.settings().local & local_flag::kCanonical) != 0; });
  const auto done = canonical ? read_line(buffer, nonblocking) : read_raw(buffer, nonblocking);
  driver_.input_taken();
  return done;
}

Result<usize> Terminal::write(vfs::WriteBuffer& buffer, bool nonblocking) {
  const bool stops = state_.with([&](State&) { return (input_.settings().local & local_flag::kStopOutput) != 0; });
  if (stops) TRY(check_foreground_write());
  auto turn = writer_.lock();
  char chunk[256];
  usize done = 0;
  while (!buffer.empty()) {
    bool stopped = false, hung_up = false;
    state_.with([&](State& state) {
      stopped = state.stopped;
      hung_up = state.hung_up;
    });
    if (hung_up) return Err(Errno::EIO);
    if (stopped) {
      if (nonblocking) return done != 0 ? Result<usize>(done) : Err(Errno::EAGAIN);
      const Status waited = can_write.wait(
          [&] { return state_.with([](State& s) { return !s.stopped || s.hung_up; }); }, sync::WaitMode::Interruptible);
      if (!waited) return done != 0 ? Result<usize>(done) : Err(waited.error());
      continue;
    }
    // Each byte may become two.
    const usize room = driver_.room() / 2;
    if (room == 0) {
      if (nonblocking) return done != 0 ? Result<usize>(done) : Err(Errno::EAGAIN);
      const Status waited =
          can_write.wait([&] { return driver_.room() >= 2 || state_.with([](State& s) { return s.hung_up; }); },
                         sync::WaitMode::Interruptible);
      if (!waited) return done != 0 ? Result<usize>(done) : Err(waited.error());
      continue;
    }
    const usize got = buffer.take(chunk, std::min(sizeof(chunk), room));
    if (got == 0) return done != 0 ? Result<usize>(done) : Err(Errno::EFAULT);
    send_processed({chunk, got});
    done += got;
  }
  return done;
}

u32 Terminal::poll(vfs::PollTable* table) {
  if (table != nullptr) {
    table->add(can_read);
    table->add(can_write);
  }
  return state_.with([&](State& state) {
    u32 events = 0;
    const bool canonical = (input_.settings().local & local_flag::kCanonical) != 0;
    if (canonical ? input_.has_line() : input_.pending() != 0) events |= kIn | kReadNormal;
    if (!state.stopped && driver_.room() >= 2) events |= kOut | kWriteNormal;
    if (state.hung_up) events |= kHangup | kIn;
    return events;
  });
}

void Terminal::try_acquire_control() {
  if (!job_control().is_session_leader()) return;
  const i32 session = job_control().current_session();
  const i32 group = job_control().current_group();
  state_.with([&](State& state) {
    if (state.session != 0) return;
    state.session = session;
    state.foreground = group;
  });
}

void Terminal::release_control(i32 session) {
  i32 group = 0;
  state_.with([&](State& state) {
    if (state.session != session) return;
    state.session = 0;
    group = std::exchange(state.foreground, 0);
  });
  if (group == 0) return;
  job_control().signal_group(group, kSighup);
  job_control().signal_group(group, kSigcont);
}

Result<i64> Terminal::set_settings(const Termios& settings, bool flush_input) {
  TRY(check_foreground_write());
  state_.with([&](State&) {
    if (flush_input) input_.flush();
    input_.set_settings(settings);
  });
  driver_.input_taken();
  can_read.wake_all();
  return 0;
}

Result<i64> Terminal::set_foreground(i32 group) {
  TRY(check_foreground_write());
  const i32 session = job_control().current_session();
  if (this->session() != session) return Err(Errno::ENOTTY);
  if (group <= 0) return Err(Errno::EINVAL);
  if (!job_control().group_is_in_session(group, session)) return Err(Errno::EPERM);
  state_.with([&](State& state) { state.foreground = group; });
  return 0;
}

Result<i64> Terminal::set_window(const WindowSize& window) {
  i32 group = 0;
  state_.with([&](State& state) {
    const bool same = state.window.rows == window.rows && state.window.columns == window.columns;
    state.window = window;
    if (!same) group = state.foreground;
  });
  if (group != 0) job_control().signal_group(group, kSigwinch);
  return 0;
}

void Terminal::set_stopped(bool stopped) {
  state_.with([&](State& state) { state.stopped = stopped; });
  if (!stopped) can_write.wake_all(kOut | kWriteNormal);
}

Result<i64> Terminal::control(u32 request, VirtAddr argument) {
  constexpr u32 kGetSettings = 0x5401, kSet = 0x5402, kSetDrain = 0x5403, kSetFlush = 0x5404, kBreak = 0x5409,
                kFlow = 0x540a, kFlush = 0x540b, kSetControlling = 0x540e, kGetGroup = 0x540f, kSetGroup = 0x5410,
                kOutQueue = 0x5411, kGetWindow = 0x5413, kSetWindow = 0x5414, kInQueue = 0x541b, kDetach = 0x5422,
                kGetSession = 0x5429, kGetNumber = 0x8004'5432;
  switch (request) {
    case kGetSettings:
      TRY(mm::UserOut<Termios>(argument).put(state_.with([&](State&) { return input_.settings(); })));
      return 0;
    case kSet:
    case kSetDrain:
    case kSetFlush: return set_settings(TRY(mm::UserIn<Termios>(argument).get()), request == kSetFlush);
    case kBreak: return 0;
    case kFlow:
      if (argument > 3) return Err(Errno::EINVAL);
      if (argument < 2) set_stopped(argument == 0);
      return 0;
    case kFlush:
      if (argument > 2) return Err(Errno::EINVAL);
      if (argument != 1) state_.with([&](State&) { input_.flush(); });
      driver_.input_taken();
      return 0;
    case kSetControlling:
      if (session() == job_control().current_session()) return 0;
      if (!job_control().is_session_leader()) return Err(Errno::EPERM);
      try_acquire_control();
      if (session() != job_control().current_session()) return Err(Errno::EPERM);
      return 0;
    case kGetGroup:
      if (session() == 0 || session() != job_control().current_session()) return Err(Errno::ENOTTY);
      TRY(mm::UserOut<i32>(argument).put(state_.with([](State& state) { return state.foreground; })));
      return 0;
    case kSetGroup: return set_foreground(TRY(mm::UserIn<i32>(argument).get()));
    case kGetSession:
      if (session() == 0) return Err(Errno::ENOTTY);
      TRY(mm::UserOut<i32>(argument).put(session()));
      return 0;
    case kGetWindow:
      TRY(mm::UserOut<WindowSize>(argument).put(state_.with([](State& state) { return state.window; })));
      return 0;
    case kSetWindow: return set_window(TRY(mm::UserIn<WindowSize>(argument).get()));
    // The device behind /dev/console and its like, as dev_t is written in 32 bits.
    case kGetNumber: TRY(mm::UserOut<u32>(argument).put(number_.major << 8 | number_.minor)); return 0;
    case kOutQueue: TRY(mm::UserOut<i32>(argument).put(0)); return 0;
    case kInQueue:
      TRY(mm::UserOut<i32>(argument).put(static_cast<i32>(state_.with([&](State&) { return input_.readable(); }))));
      return 0;
    case kDetach:
      if (session() != job_control().current_session()) return Err(Errno::ENOTTY);
      if (job_control().is_session_leader()) release_control(session());
      return 0;
    default: return Err(Errno::ENOTTY);
  }
}

}  // namespace tty
