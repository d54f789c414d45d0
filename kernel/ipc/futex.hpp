// Futexes: waiting until a word of a program's memory changes.
//
// A futex is known by its key: the address space and address, or for shared mappings the object and page. Waiters hang
// in a hash table; the check of the word and the queueing happen under the bucket's lock, so that no wake-up is lost.
#pragma once

#include "kernel/lib/result.hpp"
#include "kernel/sync/scheduler_interface.hpp"

namespace ipc {

// FUTEX_WAIT_BITSET. EAGAIN if the word is not `expected`, ETIMEDOUT, ERESTARTSYS, EFAULT, EINVAL. May sleep.
Status futex_wait(VirtAddr address, u32 expected, u32 bits, bool shared, u64 deadline_ns);
// FUTEX_WAKE_BITSET: wakes up to `count` waiters that have a bit in common. How many.
Result<i64> futex_wake(VirtAddr address, u32 count, u32 bits, bool shared);
// FUTEX_(CMP_)REQUEUE: wakes up to `wake` and moves up to `move` others to `target`. `expected` null: no comparison.
Result<i64> futex_requeue(VirtAddr address, u32 wake, u32 move, VirtAddr target, const u32* expected, bool shared);
// FUTEX_WAKE_OP.
Result<i64> futex_wake_op(VirtAddr address, u32 wake, VirtAddr second, u32 wake_second, u32 operation, bool shared);

// For a thread that ends: wakes one kind of waiters whatever their key's kind.
Result<i64> futex_wake_address(VirtAddr address, u32 count);
// Marks the robust mutexes on the list at `head` (0: none) that thread `tid` holds as owned by a dead one, and wakes a
// waiter of each.
void release_robust_list(VirtAddr head, i32 tid);

}  // namespace ipc
