// hal/sync.h and hal/wait.h: locks, events and sleeping for drivers.
#include "hal/timer.h"
#include "hal/wait.h"

#include <new>

#include "hal/cpu.hpp"
#include "hal/sync.h"
#include "kernel/lib/spin.hpp"
#include "kernel/sync/preempt.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace device {
namespace {

// A driver's lock, inside its hal_lock_t. Zero is free.
struct Lock {
  lib::RawSpinLock spin;
  bool interrupts_were_on;  // of the holder
};
static_assert(sizeof(Lock) <= sizeof(hal_lock_t));

struct Event {
  std::atomic<bool> is_set;
};
static_assert(sizeof(Event) <= sizeof(hal_event_t));

Lock& lock_in(hal_lock_t* lock) { return *reinterpret_cast<Lock*>(lock); }
Event& event_in(hal_event_t* event) { return *reinterpret_cast<Event*>(event); }

// Events share a few queues, so that all zero is an event: whoever is woken looks at its own.
constexpr usize kQueues = 16;
sync::WaitQueue g_queues[kQueues];

sync::WaitQueue& queue_of(const hal_event_t* event) {
  return g_queues[(reinterpret_cast<VirtAddr>(event) / sizeof(hal_event_t)) % kQueues];
}

constexpr u64 kNsPerMs = 1'000'000;

}  // namespace
}  // namespace device

using namespace device;

void hal_lock_acquire(hal_lock_t* opaque) {
  const bool were_on = hal::interrupts_enabled();
  hal::interrupts_disable();
  ++hal::current_thread()->preempt_count;
  Lock& lock = lock_in(opaque);
  lock.spin.lock();
  lock.interrupts_were_on = were_on;
}

void hal_lock_release(hal_lock_t* opaque) {
  Lock& lock = lock_in(opaque);
  const bool turn_on = lock.interrupts_were_on;
  lock.spin.unlock();
  if (turn_on) {
    hal::interrupts_enable();
    sync::preempt_enable();
  } else {
    sync::preempt_enable_no_check();
  }
}

void hal_event_signal(hal_event_t* opaque) {
  event_in(opaque).is_set.store(true, std::memory_order_release);
  queue_of(opaque).wake_all();
}

hal_status_t hal_event_wait(hal_event_t* opaque, uint64_t milliseconds) {
  Event& event = event_in(opaque);
  const u64 deadline = hal_timer_ns() + milliseconds * kNsPerMs;
  const Status waited = queue_of(opaque).wait([&] { return event.is_set.exchange(false, std::memory_order_acq_rel); },
                                              sync::WaitMode::Uninterruptible, deadline);
  return waited.has_value() ? HAL_OK : HAL_TIMEOUT;
}

void hal_sleep_ms(uint64_t milliseconds) {
  hal_event_t never = {};
  (void)hal_event_wait(&never, milliseconds);
}
