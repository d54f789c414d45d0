// What the locks and wait queues need of the scheduler, which is a room above: kernel/sched implements it.
#pragma once

#include "hal/anchor.hpp"
#include "kernel/sync/lock_check.hpp"

namespace sync {

inline constexpr u64 kNoDeadline = ~u64{0};

// Sleeping happens in three steps, so that a wake-up between the check of a condition and the sleep is not lost:
//   prepare_to_sleep(); if (nothing to wait for) cancel_sleep(); else sleep_until(deadline);
// From prepare_to_sleep() on, wake() makes the following sleep_until() return at once.
// An interruptible sleep is ended by signals too.
void prepare_to_sleep(bool interruptible = false);
void cancel_sleep();
// Returns when the thread was woken or the monotonic clock reached `deadline_ns`. Interrupts and preemption on.
void sleep_until(u64 deadline_ns);

// Ends the sleep of `thread`, or does nothing if it does not sleep. True if it slept. Any context.
bool wake(hal::ThreadAnchor& thread);

// True when the calling thread has a signal that should interrupt its wait.
bool current_is_interrupted();

// Lets a more urgent thread run; called when preemption was switched back on with Reschedule pending.
void preempt_now();

HeldLocks& held_locks(hal::ThreadAnchor& thread);

}  // namespace sync
