#include "kernel/sync/lock_check.hpp"

#include "hal/cpu.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/backtrace.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/diag/panic.hpp"
#include "kernel/sync/scheduler_interface.hpp"

namespace sync {

const char* name_of(LockClass lock_class) {
  static const char* const names[] = {
#define SYNC_NAME(name, kind) #name,
      SYNC_LOCK_CLASSES(SYNC_NAME)
#undef SYNC_NAME
  };
  return names[static_cast<usize>(lock_class)];
}

#if HALYARD_DEBUG
namespace {

std::atomic<bool> g_checks_sleep = false;

bool in_interrupt() {
  hal::InterruptGuard interrupts_off;
  return hal::current_cpu()->interrupt_depth != 0;
}

void check_context(LockClass wanted) {
  switch (kind_of(wanted)) {
    case LockKind::Mutex: might_sleep(); break;
    case LockKind::Spin:
      if (in_interrupt()) diag::panic("lock %s taken in an interrupt: its holder may be interrupted", name_of(wanted));
      break;
    case LockKind::SpinIrq: break;
  }
}

bool is_in_order(const HeldLocks::Entry& held, const void* lock, LockClass wanted, Nesting nesting) {
  if (held.lock_class != wanted) return held.lock_class < wanted;
  return nesting == Nesting::Allowed || (nesting == Nesting::ByAddress && held.lock < lock);
}

}  // namespace

void check_acquire(const void* lock, LockClass lock_class, Nesting nesting, VirtAddr taken_at) {
  if (diag::is_panicking()) return;
  check_context(lock_class);
  hal::InterruptGuard interrupts_off;
  HeldLocks& held = held_locks(*hal::current_thread());
  for (u32 i = 0; i < held.count; ++i) {
    const HeldLocks::Entry& entry = held.entries[i];
    if (entry.lock == lock) diag::panic("lock %s taken twice by one thread", name_of(lock_class));
    if (is_in_order(entry, lock, lock_class, nesting)) continue;
    print_held_locks(held);
    diag::panic("lock order: %s wanted while %s is held", name_of(lock_class), name_of(entry.lock_class));
  }
  K_ASSERT(held.count < HeldLocks::kMax, "locks nest too deeply");
  held.entries[held.count++] = {lock, lock_class, taken_at};
}

void check_release(const void* lock) {
  if (diag::is_panicking()) return;
  hal::InterruptGuard interrupts_off;
  HeldLocks& held = held_locks(*hal::current_thread());
  // Guards may go in another order than they came.
  for (u32 i = held.count; i-- > 0;) {
    if (held.entries[i].lock != lock) continue;
    for (u32 j = i + 1; j < held.count; ++j) held.entries[j - 1] = held.entries[j];
    --held.count;
    return;
  }
  // A lock from try_lock(), which is not recorded.
}

void start_sleep_checks() { g_checks_sleep.store(true); }

void might_sleep() {
  if (diag::is_panicking() || !g_checks_sleep.load(std::memory_order_relaxed)) return;
  const u32 count = hal::current_thread()->preempt_count;
  if (count != 0) {
    print_held_locks(held_locks(*hal::current_thread()));
    diag::panic("sleep in atomic context: preempt_count is %u", count);
  }
  if (!hal::interrupts_enabled()) diag::panic("sleep in atomic context: interrupts are off");
}

void print_held_locks(const HeldLocks& held) {
  for (u32 i = 0; i < held.count; ++i) {
    LOG_WARNING("lock", "held: %s (%p), taken at:", name_of(held.entries[i].lock_class), held.entries[i].lock);
    diag::print_address(held.entries[i].taken_at);
  }
}
#endif

}  // namespace sync
