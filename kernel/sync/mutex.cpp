#include "kernel/sync/mutex.hpp"

namespace sync {

void Mutex::lock_slow() {
  Sleeper self;
  self.thread = hal::current_thread();
  {
    hal::InterruptGuard interrupts_off;
    sleepers_lock_.lock();
    sleepers_.push_back(self);
    sleepers_lock_.unlock();
  }
  for (;;) {
    prepare_to_sleep();
    // kContended even if nobody else waits: unlock() then looks at the list once more than needed, and misses nobody.
    if (state_.exchange(kContended, std::memory_order_acquire) == kFree) break;
    sleep_until(kNoDeadline);
  }
  cancel_sleep();
  hal::InterruptGuard interrupts_off;
  sleepers_lock_.lock();
  sleepers_.erase(sleepers_.iterator_to(self));
  sleepers_lock_.unlock();
}

void Mutex::wake_next() {
  hal::InterruptGuard interrupts_off;
  sleepers_lock_.lock();
  if (!sleepers_.empty()) wake(*sleepers_.front().thread);
  sleepers_lock_.unlock();
}

}  // namespace sync
