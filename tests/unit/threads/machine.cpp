// What the locks and the log need of a kernel, by the host's threads.

#include "tests/unit/threads/machine.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "hal/cpu.hpp"
#include "hal/timer.hpp"
#include "kernel/diag/panic.hpp"
#include "kernel/sync/scheduler_interface.hpp"

namespace {

// Sleeping as kernel/sched does it: a wake-up between prepare_to_sleep() and sleep_until() is not lost.
struct HostThread : hal::ThreadAnchor {
  std::atomic<bool> sleeps = false;
  std::mutex mutex;
  std::condition_variable woken;
};
thread_local HostThread g_self;

}  // namespace

hal::ThreadAnchor* hal::arch::current_thread() { return &g_self; }

constinit hal::ClockScale hal::clock_scale{.base = 0, .factor = u64{1} << 32};

namespace sync {

void prepare_to_sleep(bool) { g_self.sleeps.store(true, std::memory_order_seq_cst); }
void cancel_sleep() { g_self.sleeps.store(false, std::memory_order_relaxed); }

void sleep_until(u64 deadline_ns) {
  std::unique_lock lock(g_self.mutex);
  const auto is_awake = [] { return !g_self.sleeps.load(std::memory_order_relaxed); };
  if (deadline_ns == kNoDeadline) {
    g_self.woken.wait(lock, is_awake);
  } else {
    const std::chrono::steady_clock::time_point deadline{std::chrono::nanoseconds(deadline_ns)};
    g_self.woken.wait_until(lock, deadline, is_awake);
  }
  g_self.sleeps.store(false, std::memory_order_relaxed);
}

bool wake(hal::ThreadAnchor& anchor) {
  HostThread& thread = static_cast<HostThread&>(anchor);
  std::lock_guard lock(thread.mutex);
  if (!thread.sleeps.exchange(false, std::memory_order_seq_cst)) return false;
  thread.woken.notify_one();
  return true;
}

bool current_is_interrupted() { return false; }
void preempt_now() {}

}  // namespace sync

namespace diag {
bool is_panicking() { return false; }
bool may_speak() { return true; }
}  // namespace diag

extern "C" void hal_console_putc(char) {}
