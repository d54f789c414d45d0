// Timers: a function to call when the monotonic clock reaches a point.
//
// Each CPU has a queue ordered by deadline, and its one-shot hardware timer is armed for the earliest of these and the
// scheduler's quantum; an idle machine has nothing armed. A Timer belongs to whoever embeds it and must be cancelled
// before it is destroyed.
#pragma once

#include <atomic>

#include "kernel/lib/tree.hpp"
#include "kernel/lib/types.hpp"

namespace ktime {

class Timer : public lib::TreeNode {
 public:
  // Called in interrupt context, interrupts off, no lock held. May arm the timer again.
  using Function = void (*)(Timer& timer);

  explicit Timer(Function function) : function_(function) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces an earlier deadline. Goes into the calling CPU's queue. Any context.
  void arm(u64 deadline_ns);
  // True if the timer was waiting. When it returns the function does not run and will not, unless the caller is the
  // function itself. Any context that does not hold a lock which the function takes.
  bool cancel();

  u64 deadline_ns() const { return deadline_ns_; }

 private:
  friend class TimerQueue;
  Function function_;
  u64 deadline_ns_ = 0;
  std::atomic<u32> cpu_ = ~u32{0};  // whose queue it is in, or was last
};

// Runs what is due and arms the hardware for what comes next. From on_tick(), interrupts off.
void run_due_timers();

void init_timers(u32 cpus);

}  // namespace ktime
