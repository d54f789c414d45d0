#include "kernel/time/timer.hpp"

#include <algorithm>

#include "hal/timer.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/lib/per_cpu.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/sync/locked.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace ktime {

constexpr u64 kNever = ~u64{0};

struct TimerDeadline {
  using type = u64;
  u64 operator()(const Timer& timer) const { return timer.deadline_ns(); }
};

class TimerQueue {
 public:
  struct Timers {
    lib::MultiTree<Timer, TimerDeadline> waiting;
    Timer* running = nullptr;  // its function executes now, on the queue's CPU
  };
  sync::Locked<Timers, sync::LockClass::TimerQueue> timers;
  std::atomic<u64> earliest_ns = kNever;

  // The timer is in this queue and the queue is locked.
  void unlink(Timers& timers, Timer& timer) {
    timers.waiting.erase(timers.waiting.iterator_to(timer));
    update(timers);
  }
  void link(Timers& timers, Timer& timer, u64 deadline_ns) {
    timer.deadline_ns_ = deadline_ns;
    timers.waiting.insert(timer);
    update(timers);
  }
  static bool run_one(TimerQueue& queue, u64 now);

 private:
  void update(Timers& timers) {
    earliest_ns.store(timers.waiting.empty() ? kNever : timers.waiting.begin()->deadline_ns(),
                      std::memory_order_relaxed);
  }
};

namespace {

lib::PerCpu<TimerQueue> g_queues;

// Arms the hardware for the earliest thing that this CPU waits for. Interrupts off.
void program_hardware() {
  sched::Cpu& cpu = sched::this_cpu();
  const u64 wanted = std::min(g_queues.mine().earliest_ns.load(std::memory_order_relaxed), cpu.quantum_deadline_ns);
  if (wanted >= cpu.tick_deadline_ns.load(std::memory_order_relaxed))
    return;  // armed early enough; it is armed anew when it goes off
  cpu.tick_deadline_ns.store(wanted, std::memory_order_seq_cst);
  hal::timer_arm(wanted);
}

}  // namespace

// False if nothing is due.
bool TimerQueue::run_one(TimerQueue& queue, u64 now) {
  Timer* due = nullptr;
  queue.timers.with([&](Timers& timers) {
    if (timers.waiting.empty() || timers.waiting.begin()->deadline_ns() > now) return;
    due = &*timers.waiting.begin();
    queue.unlink(timers, *due);
    timers.running = due;
  });
  if (due == nullptr) return false;
  due->function_(*due);
  queue.timers.with([](Timers& timers) { timers.running = nullptr; });
  return true;
}

void Timer::arm(u64 deadline_ns) {
  cancel();
  hal::InterruptGuard interrupts_off;
  cpu_.store(hal::current_cpu()->id, std::memory_order_relaxed);
  TimerQueue& queue = g_queues.mine();
  queue.timers.with([&](TimerQueue::Timers& timers) { queue.link(timers, *this, deadline_ns); });
  program_hardware();
}

bool Timer::cancel() {
  const u32 owner = cpu_.load(std::memory_order_relaxed);
  if (owner == ~u32{0}) return false;
  TimerQueue& queue = g_queues.of(owner);
  for (;;) {
    auto timers = queue.timers.lock();
    if (is_linked()) {
      queue.unlink(*timers, *this);
      return true;
    }
    const bool self = owner == hal::current_cpu()->id && hal::current_cpu()->interrupt_depth != 0;
    if (timers->running != this || self) return false;
    timers.unlock();
    hal::relax();
  }
}

void run_due_timers() {
  sched::Cpu& cpu = sched::this_cpu();
  const u64 now = hal::monotonic_ns();
  cpu.tick_deadline_ns.store(kNever, std::memory_order_seq_cst);
  if (cpu.quantum_deadline_ns <= now) cpu.quantum_deadline_ns = kNever;
  while (TimerQueue::run_one(g_queues.mine(), now)) {}
  program_hardware();
}

void init_timers(u32 cpus) { K_ASSERT(g_queues.grow(cpus).has_value(), "no memory for timer queues"); }

}  // namespace ktime

void sched::request_tick(u64 deadline_ns) {
  Cpu& cpu = this_cpu();
  cpu.quantum_deadline_ns = deadline_ns;
  ktime::program_hardware();
}

namespace sync {
namespace {

struct WakeTimer : ktime::Timer {
  explicit WakeTimer(hal::ThreadAnchor& thread) : Timer(fire), thread(thread) {}
  static void fire(Timer& timer) { wake(static_cast<WakeTimer&>(timer).thread); }
  hal::ThreadAnchor& thread;
};

void leave_cpu() {
  hal::InterruptGuard interrupts_off;
  sched::schedule(false);
}

}  // namespace

void sleep_until(u64 deadline_ns) {
  if (deadline_ns == kNoDeadline) {
    leave_cpu();
    return;
  }
  WakeTimer timer(*hal::current_thread());
  timer.arm(deadline_ns);
  leave_cpu();
  timer.cancel();
}

}  // namespace sync
