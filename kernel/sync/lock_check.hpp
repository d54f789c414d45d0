// Run-time checking of lock order and context, in debug builds. In release builds everything here is empty.
//
// Each thread has a list of the locks that it holds; an interrupt handler uses the list of the thread that it
// interrupted, which works because locks nest. The rules are those of lock_class.hpp.
#pragma once

#include "hal/anchor.hpp"
#include "kernel/sync/lock_class.hpp"

namespace sync {

// Whether a lock may be taken while another of its class is held.
enum class Nesting : u8 {
  None,
  ByAddress,  // lock_pair(): at a higher address
  Allowed,    // the caller keeps an order of its own
};

struct HeldLocks {
  static constexpr usize kMax = 16;  // deeper nesting than this is a mistake, and reported as one
  struct Entry {
    const void* lock = nullptr;
    LockClass lock_class{};
    VirtAddr taken_at = 0;
  };
  Entry entries[kMax];
  u32 count = 0;
};

#if HALYARD_DEBUG

// Before waiting for the lock: panics on an inversion, a recursion, or a context in which the kind is forbidden.
void check_acquire(const void* lock, LockClass lock_class, Nesting nesting, VirtAddr taken_at);
void check_release(const void* lock);
// Panics where sleeping is forbidden: in an interrupt, with preemption or interrupts off.
void might_sleep();
// Until this call (boot, before there is anybody to switch to) might_sleep() lets everything pass.
void start_sleep_checks();
// Prints the locks that a thread holds, for the lockup detector.
void print_held_locks(const HeldLocks& held);

#else

inline void check_acquire(const void*, LockClass, Nesting, VirtAddr) {}
inline void check_release(const void*) {}
inline void might_sleep() {}
inline void start_sleep_checks() {}
inline void print_held_locks(const HeldLocks&) {}

#endif

}  // namespace sync
