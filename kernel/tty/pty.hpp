// Pseudo-terminals: a terminal whose device is a program.
//
// A Pty is the terminal that programs open as /dev/pts/N; what they write waits in a ring until the master reads it,
// and what the master writes arrives as input. The ring has a lock of its own, below the terminal's. A Pty lives while
// its master or a slave is open; its number belongs to it as long.
#pragma once

#include "kernel/tty/terminal.hpp"

namespace tty {

class Pty final : public Terminal, private TerminalDriver {
 public:
  static constexpr u32 kMajor = 136;
  static constexpr u32 kMost = 4096;  // as Linux: kernel.pty.max

  // Takes the lowest free number. ENOSPC, ENOMEM. May sleep.
  static Result<lib::Ref<Pty>> create();
  // The one of that number; null: there is none.
  static lib::Ref<Pty> find(u32 number);
  // Calls visit(number) for each from `first` on, until it says false. May sleep.
  static void list(u32 first, bool (*visit)(void* context, u32 number), void* context);

  explicit Pty(u32 number) : Terminal(static_cast<TerminalDriver&>(*this), {kMajor, number}) {}
  ~Pty() override;

  u32 index() const { return number().minor; }
  bool has_master() const { return master_is_open_.load(std::memory_order_acquire); }

  // --- the master's side ---
  Result<usize> master_read(vfs::ReadBuffer& buffer, bool nonblocking);
  Result<usize> master_write(vfs::WriteBuffer& buffer, bool nonblocking);
  u32 master_poll(vfs::PollTable* table);
  Result<i64> master_control(u32 request, VirtAddr argument);
  void master_closed();

  // A slave may be opened: it is unlocked and the master is there. EIO.
  Status check_open() const;

  // Who owns the node in /dev/pts, and its permissions.
  struct Owner {
    u32 permissions = 0600, uid = 0, gid = 0;
  };
  Owner owner() {
    return owner_.with([](Owner& owner) { return owner; });
  }
  void set_owner(const Owner& owner) {
    owner_.with([&](Owner& mine) { mine = owner; });
  }

 private:
  static constexpr usize kRing = 8192;
  static constexpr usize kForPrograms = kRing / 2;  // the rest is for the echo of what the master writes meanwhile
  struct Ring {
    u8 bytes[kRing];
    usize head = 0, size = 0;
  };
  usize send(std::string_view text) override;
  usize room() override;
  void input_taken() override;
  void file_opened() override { slaves_.fetch_add(1, std::memory_order_relaxed); }
  void file_closed() override;

  sync::Locked<Ring, sync::LockClass::TerminalRing> ring_;
  sync::Locked<Owner, sync::LockClass::Credentials> owner_;
  sync::WaitQueue master_can_read_, master_can_write_;
  std::atomic<u32> slaves_ = 0;
  std::atomic<bool> slave_was_open_ = false;
  std::atomic<bool> is_locked_ = true;
  std::atomic<bool> master_is_open_ = true;
};

// A new pseudo-terminal's master, the slave's node owned by `owner`. ENOSPC, ENOMEM.
Result<lib::Ref<vfs::File>> open_pty_master(const vfs::Path& path, u32 flags, const Pty::Owner& owner);
// A slave, by its number: ENXIO, EIO.
Result<lib::Ref<vfs::File>> open_pty_slave(u32 number, const vfs::Path& path, u32 flags);

}  // namespace tty
