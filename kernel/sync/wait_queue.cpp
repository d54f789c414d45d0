#include "kernel/sync/wait_queue.hpp"

#include "hal/timer.hpp"
#include "kernel/diag/assert.hpp"

namespace sync {
namespace {

bool wake_thread(Waiter& waiter, u64) { return wake(*waiter.thread); }

}  // namespace

Waiter::Waiter() : notify(wake_thread), thread(hal::current_thread()) {}

bool deadline_passed(u64 deadline_ns) { return deadline_ns != kNoDeadline && hal::monotonic_ns() >= deadline_ns; }

WaitQueue::~WaitQueue() { DEBUG_ASSERT(waiters_.unshared().list.empty(), "a wait queue is destroyed with waiters"); }

void WaitQueue::add(Waiter& waiter) {
  waiters_.with([&](Waiters& waiters) {
    // Exclusive waiters stand at the end, in their order; the others are all woken anyway.
    if (waiter.exclusive) {
      waiters.list.push_back(waiter);
    } else {
      waiters.list.push_front(waiter);
    }
    waiters_count_.fetch_add(1, std::memory_order_seq_cst);
  });
}

void WaitQueue::remove(Waiter& waiter) {
  waiters_.with([&](Waiters& waiters) {
    if (!waiter.is_linked()) return;
    waiters.list.erase(waiters.list.iterator_to(waiter));
    waiters_count_.fetch_sub(1, std::memory_order_seq_cst);
  });
}

void WaitQueue::wake_some(Waiters& waiters, usize count, u64 events) {
  for (auto at = waiters.list.begin(); at != waiters.list.end();) {
    Waiter& waiter = *at++;  // a Notify function may unlink its own waiter
    const bool exclusive = waiter.exclusive;
    if (waiter.notify(waiter, events) && exclusive && --count == 0) return;
  }
}

void WaitQueue::wake(usize count, u64 events) {
  // Pairs with add(): either we see the waiter, or it sees the condition that was made true before.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!has_waiters()) return;
  waiters_.with([&](Waiters& waiters) { wake_some(waiters, count, events); });
}

void WaitQueue::wake_nested(usize count, u64 events) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!has_waiters()) return;
  waiters_.with_nested([&](Waiters& waiters) { wake_some(waiters, count, events); });
}

}  // namespace sync
