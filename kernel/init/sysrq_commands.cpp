// What the SysRq keys do: the letters are Linux's (Documentation/admin-guide/sysrq.rst).

#include "fs/procfs/procfs.hpp"
#include "fs/vfs/mount.hpp"
#include "hal/power.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/diag/sysrq.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/frame.hpp"
#include "kernel/proc/send_signal.hpp"
#include "kernel/sched/thread.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/syscall/shutdown.hpp"

namespace kernel {
namespace {

void reboot_at_once() { hal::reboot(); }
void crash() { diag::panic("crash asked for by SysRq"); }
void power_off() { shut_down(Shutdown::PowerOff); }

void synchronize() {
  if (const Status synced = vfs::sync_all(); !synced) {
    LOG_ERROR("sysrq", "not everything could be written out (error %d)", static_cast<int>(synced.error()));
  } else {
    LOG_NOTICE("sysrq", "everything is written out");
  }
}

void make_all_read_only() {
  synchronize();
  if (const Status done = vfs::make_all_read_only(); !done) {
    LOG_ERROR("sysrq", "not every file system became read-only (error %d)", static_cast<int>(done.error()));
  }
}

void signal_all(int signal) {
  auto table = proc::lock_table();
  proc::for_each_process(*table, [&](proc::Process& process) {
    if (process.pid != 1) static_cast<void>(proc::send_to_process_locked(*table, process, proc::kernel_signal(signal)));
  });
}
void terminate_all() { signal_all(15); }
void kill_all() { signal_all(9); }

void show_memory() {
  const mm::MemoryCounts memory = mm::count_frames();
  LOG_NOTICE("sysrq", "%lu KiB of memory, %lu KiB free", memory.total * kPageSize / KiB, memory.free * kPageSize / KiB);
}

bool is_blocked(const proc::Thread& thread) {
  return thread.state.load(std::memory_order_relaxed) == sched::State::Sleeping &&
         !thread.sleep_is_interruptible.load();
}
const char* state_of(const proc::Thread& thread) {
  if (is_blocked(thread)) return "blocked";
  return thread.state.load(std::memory_order_relaxed) == sched::State::Sleeping ? "sleeping" : "running";
}
void show_threads(bool only_blocked) {
  auto table = proc::lock_table();
  proc::for_each_process(*table, [&](proc::Process& process) {
    for (proc::Thread& thread : process.threads) {
      if (only_blocked && !is_blocked(thread)) continue;
      LOG_NOTICE("sysrq", "%5d %-15s %s", process.pid, thread.name, state_of(thread));
    }
  });
}
void show_all_threads() { show_threads(false); }
void show_blocked_threads() { show_threads(true); }

diag::SysrqCommand g_commands[] = {
    {'b', "reboot at once, without writing anything out", true, reboot_at_once},
    {'c', "crash", true, crash},
    {'e', "send TERM to all programs but init", false, terminate_all},
    {'i', "send KILL to all programs but init", false, kill_all},
    {'m', "show memory", false, show_memory},
    {'o', "power off", false, power_off},
    {'s', "write everything out", false, synchronize},
    {'t', "show all threads", false, show_all_threads},
    {'u', "make all file systems read-only", false, make_all_read_only},
    {'w', "show blocked threads", false, show_blocked_threads},
};

Status write_trigger(std::string_view text) {
  if (!text.empty()) diag::sysrq(text.front());
  return {};
}

sync::WaitQueue g_asked;
void wake_thread() { g_asked.wake_all(); }
void serve(void*) {
  for (;;) {
    static_cast<void>(g_asked.wait([] { return diag::is_sysrq_asked(); }, sync::WaitMode::Uninterruptible));
    diag::run_asked_sysrq();
  }
}

class SysrqCommandsSubsystem final : public Subsystem {
 public:
  const char* name() const override { return "sysrq-commands"; }
  void on_early_init(Kernel& kernel) override {
    for (diag::SysrqCommand& command : g_commands) diag::add_sysrq_command(command);
    diag::set_sysrq_enabled(lib::CommandLine(kernel.boot().command_line).number("sysrq").value_or(1) != 0);
    if (!procfs::register_control("sysrq-trigger", write_trigger))
      LOG_ERROR("sysrq", "no memory for /proc/sysrq-trigger");
  }
  void on_late_init(Kernel&) override {
    constexpr int kAboveAllPrograms = 99;
    diag::set_sysrq_thread(wake_thread);
    if (!sched::start_kernel_thread("sysrq", serve, nullptr,
                                    {.policy = sched::Policy::Fifo, .nice = 0, .realtime = kAboveAllPrograms})) {
      LOG_WARNING("sysrq", "no memory for the thread: only commands that run at once will work");
    }
  }
};
REGISTER_SUBSYSTEM(SysrqCommandsSubsystem);

}  // namespace
}  // namespace kernel
