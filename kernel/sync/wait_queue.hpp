// Threads that wait for something, and whoever else wants to hear of it.
//
//   Status s = queue.wait([&] { return buffer_has_data(); }, WaitMode::Interruptible);
//   ...
//   queue.wake_all();          // after making the condition true
//
// The condition is checked with the waiter already in the queue, so no wake-up is lost; it may take locks and may be
// checked often. A Waiter may carry a function instead of a thread (poll and epoll do); it is called under the queue's
// lock, in the waker's context, interrupts off.
#pragma once

#include "kernel/lib/list.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/sync/locked.hpp"

namespace sync {

class WaitQueue;

struct Waiter : lib::ListNode {
  using Notify = bool (*)(Waiter& waiter, u64 events);  // true: counts as one woken

  // Wakes the calling thread.
  Waiter();
  // `exclusive` waiters are woken one at a time by wake_one().
  Waiter(Notify notify, bool exclusive) : notify(notify), thread(nullptr), exclusive(exclusive) {}

  Notify notify;
  hal::ThreadAnchor* thread;
  bool exclusive = false;
};

enum class WaitMode : u8 {
  Uninterruptible,
  Interruptible,  // a signal ends the wait with ERESTARTSYS
};

class WaitQueue {
 public:
  WaitQueue() = default;
  ~WaitQueue();
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;

  void add(Waiter& waiter);
  // Accepts a waiter that is not queued.
  void remove(Waiter& waiter);
  bool has_waiters() const { return waiters_count_.load(std::memory_order_seq_cst) != 0; }

  // Wakes everybody, or (all non-exclusive and) `count` exclusive waiters. `events` is handed to the Notify functions.
  // Any context.
  void wake_all(u64 events = ~u64{0}) { wake(~usize{0}, events); }
  void wake_one(u64 events = ~u64{0}) { wake(1, events); }
  void wake(usize count, u64 events);
  // The same from a Notify function, which runs with another queue's lock held. The caller sees to it that the queues
  // which wake each other in this way form no circle.
  void wake_nested(usize count, u64 events);

  // Until `condition()` is true. ERESTARTSYS after a signal (Interruptible), ETIMEDOUT when monotonic time reaches
  // `deadline_ns`; the condition is looked at once more before either.
  template <class Condition>
  Status wait(Condition condition, WaitMode mode = WaitMode::Uninterruptible, u64 deadline_ns = kNoDeadline,
              bool exclusive = false);

 private:
  struct Waiters {
    lib::List<Waiter> list;
  };
  static void wake_some(Waiters& waiters, usize count, u64 events);

  Locked<Waiters, LockClass::WaitQueue> waiters_;
  std::atomic<u32> waiters_count_ = 0;
};

bool deadline_passed(u64 deadline_ns);

template <class Condition>
Status WaitQueue::wait(Condition condition, WaitMode mode, u64 deadline_ns, bool exclusive) {
  might_sleep();
  if (condition()) return {};
  Waiter waiter;
  waiter.exclusive = exclusive;
  add(waiter);
  Status result;
  for (;;) {
    prepare_to_sleep(mode == WaitMode::Interruptible);
    if (condition()) break;
    if (mode == WaitMode::Interruptible && current_is_interrupted()) {
      result = Err(Errno::ERESTARTSYS);
      break;
    }
    if (deadline_passed(deadline_ns)) {
      result = Err(Errno::ETIMEDOUT);
      break;
    }
    sleep_until(deadline_ns);
  }
  cancel_sleep();
  remove(waiter);
  return result;
}

}  // namespace sync
