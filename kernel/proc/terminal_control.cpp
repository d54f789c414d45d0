// What terminals ask of processes: tty::JobControl.

#include "kernel/diag/assert.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/proc/job_control.hpp"
#include "kernel/proc/send_signal.hpp"
#include "kernel/tty/terminals.hpp"

namespace proc {
namespace {

class TerminalControl final : public tty::JobControl {
 public:
  i32 current_session() override {
    auto table = lock_table();
    return current_process().session ? current_process().session->id : 0;
  }
  bool is_session_leader() override { return current_session() == current_process().pid; }
  i32 current_group() override {
    auto table = lock_table();
    return current_process().group ? current_process().group->id : 0;
  }
  u32 current_uid() override { return current_thread().credentials->fsuid; }
  u32 current_gid() override { return current_thread().credentials->fsgid; }
  bool group_is_in_session(i32 group, i32 session) override {
    auto table = lock_table();
    Group* found = table->group(group);
    return found != nullptr && !found->members.empty() && found->members.front().session &&
           found->members.front().session->id == session;
  }
  void signal_group(i32 group, int signal) override {
    auto table = lock_table();
    if (Group* found = table->group(group)) send_to_group_locked(*table, *found, kernel_signal(signal));
  }
  bool stop_background(int signal) override {
    Thread& self = current_thread();
    auto table = lock_table();
    {
      auto handlers = self.handlers->state.lock();
      if (self.blocked.has(signal) || handlers->of(signal).handler == kIgnoreHandler) return false;
    }
    Group& group = *self.process->group;
    if (is_orphaned(*table, group)) return false;
    send_to_group_locked(*table, group, kernel_signal(signal));
    return true;
  }
};
TerminalControl g_control;

class TerminalControlSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "job-control"; }
  void on_early_init(kernel::Kernel& kernel) override {
    K_ASSERT(kernel.register_service<tty::JobControl>(&g_control).has_value(), "no memory for a service");
    set_session_end_hook([](Session& session) { tty::release_terminal_of(session.id); });
  }
};
REGISTER_SUBSYSTEM(TerminalControlSubsystem);

}  // namespace
}  // namespace proc
