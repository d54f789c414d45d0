// Terminals: a line discipline between a device and the programs of a session.
//
// The device side calls receive() (any context) and implements TerminalDriver; the program side are TerminalFiles.
// Input state is under a spinning lock, because it arrives in interrupts; writers take turns by a sleeping one. Who is
// in the foreground (a process group) and which session the terminal controls belong to the same spinning lock.
#pragma once

#include <span>
#include <string_view>

#include "fs/vfs/file.hpp"
#include "kernel/tty/line_discipline.hpp"

namespace tty {

class TerminalDriver {
 public:
  // Sends text to the device; in any context, interrupts may be off. Returns the bytes taken.
  virtual usize send(std::string_view text) = 0;
  // Bytes that send() will take for a program now; where that is 0, the driver wakes Terminal::can_write later.
  virtual usize room() { return ~usize{0}; }
  // A program has read input: there may be room for more.
  virtual void input_taken() {}

 protected:
  ~TerminalDriver() = default;
};

// What the room of processes does for terminals: it knows groups and sessions. A service (kernel.hpp), registered in
// early initialization.
class JobControl {
 public:
  virtual i32 current_session() = 0;
  virtual bool is_session_leader() = 0;
  virtual i32 current_group() = 0;
  virtual u32 current_uid() = 0;  // for file ownership
  virtual u32 current_gid() = 0;
  virtual bool group_is_in_session(i32 group, i32 session) = 0;
  virtual void signal_group(i32 group, int signal) = 0;  // any context
  // A background process reads or writes: sends `signal` to its group. False if that may not be (ignored, blocked,
  // orphaned): the caller gets EIO, or goes on writing.
  virtual bool stop_background(int signal) = 0;

 protected:
  ~JobControl() = default;
};
JobControl& job_control();

class Terminal : public lib::RefCounted<Terminal>, public lib::ListNode, private LineDiscipline::Client {
 public:
  explicit Terminal(TerminalDriver& driver, vfs::DeviceNumber number)
      : driver_(driver), number_(number), input_(static_cast<LineDiscipline::Client&>(*this)) {}
  virtual ~Terminal() = default;
  static void destroy_last(Terminal* self) { lib::destroy(self); }

  vfs::DeviceNumber number() const { return number_; }

  // Bytes from the device, which a reader sees all at once. Any context. Returns how many there was room for.
  usize receive(std::span<const u8> bytes);
  void receive(u8 byte) { receive({&byte, 1}); }
  void receive(std::string_view text) { receive({reinterpret_cast<const u8*>(text.data()), text.size()}); }
  // The line is gone: readers get an end of file, the session SIGHUP.
  void hang_up();

  Result<usize> read(vfs::ReadBuffer& buffer, bool nonblocking);
  Result<usize> write(vfs::WriteBuffer& buffer, bool nonblocking);
  u32 poll(vfs::PollTable* table);
  Result<i64> control(u32 request, VirtAddr argument);

  // A change is told to the foreground group. Never fails.
  Result<i64> set_window(const WindowSize& window);
  // Output stops or goes on, as by Ctrl-S and Ctrl-Q. Any context.
  void set_stopped(bool stopped);

  // The terminal becomes that of the calling session, if it is a leader without one and nobody else has it.
  void try_acquire_control();
  void release_control(i32 session);
  i32 session() {
    return state_.with([](State& state) { return state.session; });
  }
  i32 foreground() {
    return state_.with([](State& state) { return state.foreground; });
  }

  // A TerminalFile comes or goes.
  virtual void file_opened() {}
  virtual void file_closed() {}

  sync::WaitQueue can_read;
  sync::WaitQueue can_write;

  // A byte of input would be taken, or discarded with a beep, but not lost in silence. Any context.
  bool has_input_room() {
    return state_.with([&](State& state) { return takes_input(state); });
  }

 private:
  struct State {
    i32 session = 0;
    i32 foreground = 0;
    WindowSize window;
    bool stopped = false;
    bool hung_up = false;
    u32 pending_signal = 0;  // found while the lock was held; sent after it
  };
  bool takes_input(const State& state) const {
    return input_.has_room() || input_.discards_when_full() || state.hung_up;
  }
  void echo(std::string_view text) override;
  void signal(int signal) override;
  void flow(bool stop) override;
  void send_processed(std::string_view text);
  Status check_foreground_read();
  Status check_foreground_write();
  Result<i64> set_settings(const Termios& settings, bool flush_input);
  Result<i64> set_foreground(i32 group);
  Result<usize> read_raw(vfs::ReadBuffer& buffer, bool nonblocking);
  Result<usize> read_line(vfs::ReadBuffer& buffer, bool nonblocking);

  TerminalDriver& driver_;
  const vfs::DeviceNumber number_;
  LineDiscipline input_;   // state_'s lock
  State* held_ = nullptr;  // the state while input_ works on it
  sync::Locked<State, sync::LockClass::Terminal> state_;
  sync::Locked<sync::Nothing, sync::LockClass::TerminalOutput> writer_;
};

// An open terminal.
class TerminalFile final : public vfs::File {
 public:
  TerminalFile(vfs::Path path, u32 flags, lib::Ref<Terminal> terminal)
      : File(std::move(path), flags), terminal_(std::move(terminal)) {
    terminal_->file_opened();
  }
  ~TerminalFile() override { terminal_->file_closed(); }
  Result<usize> read(vfs::ReadBuffer& buffer, u64&) override { return terminal_->read(buffer, is_nonblocking()); }
  Result<usize> write(vfs::WriteBuffer& buffer, u64&) override { return terminal_->write(buffer, is_nonblocking()); }
  bool can_wait() const override { return true; }
  u32 poll(vfs::PollTable* table) override { return terminal_->poll(table); }
  Result<i64> control(u32 request, VirtAddr argument) override { return terminal_->control(request, argument); }
  Terminal& terminal() { return *terminal_; }

 private:
  const lib::Ref<Terminal> terminal_;
};

}  // namespace tty
