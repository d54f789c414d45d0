// The sleeping lock that Locked<T, C> uses for classes of kind Mutex. Not for use on its own.
//
// Uncontended it costs one atomic exchange each way. Waiters queue in order; a lock that is freed goes to whoever takes
// it first, so a running thread may overtake the queue's head, which then waits again.
#pragma once

#include "kernel/lib/list.hpp"
#include "kernel/lib/spin.hpp"
#include "kernel/sync/scheduler_interface.hpp"

namespace sync {

class Mutex {
 public:
  void lock() {
    might_sleep();
    u32 expected = kFree;
    if (!state_.compare_exchange_strong(expected, kTaken, std::memory_order_acquire)) [[unlikely]]
      lock_slow();
  }
  bool try_lock() {
    u32 expected = kFree;
    return state_.compare_exchange_strong(expected, kTaken, std::memory_order_acquire);
  }
  void unlock() {
    if (state_.exchange(kFree, std::memory_order_release) == kContended) [[unlikely]]
      wake_next();
  }
  bool is_locked() const { return state_.load(std::memory_order_relaxed) != kFree; }

 private:
  static constexpr u32 kFree = 0, kTaken = 1, kContended = 2;
  struct Sleeper : lib::ListNode {
    hal::ThreadAnchor* thread = nullptr;
  };

  void lock_slow();
  void wake_next();

  std::atomic<u32> state_ = kFree;
  lib::RawSpinLock sleepers_lock_;  // taken with interrupts off
  lib::List<Sleeper> sleepers_;
};

}  // namespace sync
