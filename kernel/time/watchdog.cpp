// The lockup detector: a CPU that does not react to an interrupt for a long time is broken, and somebody should say so.
//
// A CPU shows that it is alive when it ticks, switches threads, rests, or takes the detector's interrupt; one that runs
// a thread of the kernel undisturbed does none of these by itself, so it is asked. Two threads on different CPUs look
// at all of them, so that each is looked at by one that is not itself. `watchdog=SECONDS` changes the patience, 0 turns
// it off. The debug kernel panics, with the stacks of all CPUs that can still give theirs; the release kernel logs.

#include "hal/cpu.h"
#include "hal/timer.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/sched/cpus.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace ktime {
namespace {

constexpr u64 kNsPerSecond = 1'000'000'000;
constexpr u64 kDefaultSeconds = 20;
constexpr u32 kRoundsPerPatience = 4;

u64 g_patience_ns = kDefaultSeconds * kNsPerSecond;

void report(const sched::Cpu& stuck, u64 silent_ns) {
  const sched::Thread* running = stuck.queue.running;
  const char* const name = running == nullptr ? "nobody" : running->name;
  if (HALYARD_DEBUG != 0) {
    diag::panic("watchdog: CPU %u has not reacted for %lu s, running %s", stuck.id, silent_ns / kNsPerSecond, name);
  }
  LOG_ERROR("watchdog", "CPU %u has not reacted for %lu s, running %s", stuck.id, silent_ns / kNsPerSecond, name);
}

void look_at(sched::Cpu& other) {
  const u64 now = hal::monotonic_ns();
  const u64 alive = other.last_alive_ns.load(std::memory_order_relaxed);
  const u64 silent = now - (alive < now ? alive : now);
  if (silent >= g_patience_ns) report(other, silent);
  if (silent >= g_patience_ns / kRoundsPerPatience) hal::send_ipi(other.id, hal::Ipi::Call);
}

void watch(void* first_cpu) {
  sched::Affinity home;
  for (u64& word : home.words) word = 0;
  const usize number = reinterpret_cast<usize>(first_cpu);
  home.words[number / 64] = u64{1} << (number % 64);
  static_cast<void>(sched::set_affinity(sched::current(), home));
  sync::WaitQueue nobody;
  for (;;) {
    static_cast<void>(nobody.wait([] { return false; }, sync::WaitMode::Uninterruptible,
                                  hal::monotonic_ns() + g_patience_ns / kRoundsPerPatience));
    for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) {
      if (cpu != sched::this_cpu().id && sched::is_online(cpu)) look_at(sched::cpu(cpu));
    }
  }
}

class WatchdogSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "watchdog"; }
  void on_late_init(kernel::Kernel& kernel) override {
    const lib::CommandLine options(kernel.boot().command_line);
    g_patience_ns = options.number("watchdog").value_or(kDefaultSeconds) * kNsPerSecond;
    if (g_patience_ns == 0) return;
    for (usize cpu = 0; cpu < 2 && cpu < sched::online_cpus(); ++cpu) {
      if (!sched::start_kernel_thread("watchdog", watch, reinterpret_cast<void*>(cpu),
                                      {.policy = sched::Policy::Fifo, .nice = 0, .realtime = 99})) {
        LOG_WARNING("watchdog", "no memory for the lockup detector");
      }
    }
  }
};
REGISTER_SUBSYSTEM(WatchdogSubsystem);

}  // namespace
}  // namespace ktime
