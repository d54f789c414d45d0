#include "kernel/ipc/futex.hpp"

#include "hal/timer.hpp"
#include "hal/user_access.hpp"
#include "kernel/lib/hash.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/mm/address_space.hpp"
#include "kernel/mm/user_memory.hpp"
#include "kernel/sched/thread.hpp"
#include "kernel/sync/locked.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace ipc {
namespace {

struct Key {
  const void* space = nullptr;  // the address space, or the shared object
  u64 place = 0;                // address, or page and offset
  bool operator==(const Key&) const = default;
  u64 hash() const { return lib::mix(reinterpret_cast<u64>(space) ^ lib::mix(place)); }
};

struct FutexWaiter : lib::ListNode {
  Key key;
  u32 bits = 0;
  hal::ThreadAnchor* thread = nullptr;
  bool woken = false;
};

struct Bucket {
  lib::List<FutexWaiter> waiters;
};
using LockedBucket = sync::Locked<Bucket, sync::LockClass::FutexBucket>;
constexpr usize kBuckets = 256;
LockedBucket g_buckets[kBuckets];

LockedBucket& bucket_of(const Key& key) { return g_buckets[key.hash() % kBuckets]; }

// A key for which the object is held as long as it is in use.
struct HeldKey {
  Key key;
  lib::Ref<mm::VmObject> object;
};

Result<HeldKey> key_for(VirtAddr address, bool shared) {
  if (address % sizeof(u32) != 0) return Err(Errno::EINVAL);
  if (!hal::is_user_range(address, sizeof(u32))) return Err(Errno::EFAULT);
  mm::AddressSpace& space = *sched::current().space;
  HeldKey held;
  held.key = {&space, address};
  if (!shared) return held;
  u64 page = 0;
  held.object = TRY(space.object_at(address, &page));
  if (held.object) held.key = {held.object.get(), page << kPageShift | (address & kPageMask)};
  return held;
}

// Reads the word with no lock held that a page fault could want; faults it in if it must.
Status fault_in(VirtAddr address) {
  u32 value = 0;
  if (!hal::hal_load_user_u32(&value, address)) return Err(Errno::EFAULT);
  return {};
}

// Takes the waiter out and wakes its thread. Bucket locked.
void wake_waiter(Bucket& bucket, FutexWaiter& waiter) {
  bucket.waiters.erase(bucket.waiters.iterator_to(waiter));
  hal::ThreadAnchor* thread = waiter.thread;
  waiter.woken = true;  // the waiter's stack may go from here on, but for the bucket's lock
  sync::wake(*thread);
}

u32 wake_in(Bucket& bucket, const Key& key, u32 count, u32 bits) {
  u32 woken = 0;
  for (auto at = bucket.waiters.begin(); at != bucket.waiters.end() && woken < count;) {
    FutexWaiter& waiter = *at++;
    if (!(waiter.key == key) || (waiter.bits & bits) == 0) continue;
    wake_waiter(bucket, waiter);
    ++woken;
  }
  return woken;
}

// Queues the waiter if the word still has the value. EAGAIN, EFAULT; success with `*retry`: fault it in and try again.
Status enqueue_if(LockedBucket& locked, FutexWaiter& waiter, VirtAddr address, u32 expected, bool* retry) {
  auto bucket = locked.lock();
  u32 seen = 0;
  *retry = !hal::hal_load_user_u32(&seen, address);  // preemption is off: an absent page is not read in here
  if (*retry) return {};
  if (seen != expected) return Err(Errno::EAGAIN);
  bucket->waiters.push_back(waiter);
  return {};
}

}  // namespace

Status futex_wait(VirtAddr address, u32 expected, u32 bits, bool shared, u64 deadline_ns) {
  if (bits == 0) return Err(Errno::EINVAL);
  const HeldKey held = TRY(key_for(address, shared));
  FutexWaiter waiter;
  waiter.key = held.key;
  waiter.bits = bits;
  waiter.thread = hal::current_thread();
  for (;;) {
    bool retry = false;
    TRY(enqueue_if(bucket_of(held.key), waiter, address, expected, &retry));
    if (!retry) break;
    TRY(fault_in(address));
  }
  Status result;
  for (;;) {
    sync::prepare_to_sleep(true);
    // The key changes when the waiter is moved to another futex: lock what it names until it stays the same.
    LockedBucket* locked = &bucket_of(waiter.key);
    auto bucket = locked->lock();
    if (locked != &bucket_of(waiter.key)) continue;
    if (waiter.woken) break;
    if (sync::current_is_interrupted()) result = Err(Errno::ERESTARTSYS);
    if (sync::deadline_passed(deadline_ns)) result = Err(Errno::ETIMEDOUT);
    if (!result) {
      bucket->waiters.erase(bucket->waiters.iterator_to(waiter));
      break;
    }
    bucket.unlock();
    sync::sleep_until(deadline_ns);
  }
  sync::cancel_sleep();
  return result;
}

Result<i64> futex_wake(VirtAddr address, u32 count, u32 bits, bool shared) {
  if (bits == 0) return Err(Errno::EINVAL);
  const HeldKey held = TRY(key_for(address, shared));
  return bucket_of(held.key).with(
      [&](Bucket& bucket) { return static_cast<i64>(wake_in(bucket, held.key, count, bits)); });
}

Result<i64> futex_wake_address(VirtAddr address, u32 count) {
  const i64 in_private = TRY(futex_wake(address, count, ~u32{0}, false));
  if (in_private != 0) return in_private;
  return futex_wake(address, count, ~u32{0}, true);
}

Result<i64> futex_requeue(VirtAddr address, u32 wake, u32 move, VirtAddr target, const u32* expected, bool shared) {
  const HeldKey from = TRY(key_for(address, shared));
  const HeldKey to = TRY(key_for(target, shared));
  TRY(fault_in(address));
  LockedBucket& from_locked = bucket_of(from.key);
  LockedBucket& to_locked = bucket_of(to.key);
  const auto requeue = [&](Bucket& source, Bucket& destination) -> Result<i64> {
    if (expected != nullptr) {
      u32 seen = 0;
      if (!hal::hal_load_user_u32(&seen, address)) return Err(Errno::EFAULT);
      if (seen != *expected) return Err(Errno::EAGAIN);
    }
    i64 affected = wake_in(source, from.key, wake, ~u32{0});
    u32 moved = 0;
    for (auto at = source.waiters.begin(); at != source.waiters.end() && moved < move;) {
      FutexWaiter& waiter = *at++;
      if (!(waiter.key == from.key)) continue;
      source.waiters.erase(source.waiters.iterator_to(waiter));
      waiter.key = to.key;
      destination.waiters.push_back(waiter);
      ++moved;
      if (from.key == to.key) break;
    }
    return affected + moved;
  };
  if (&from_locked == &to_locked) return from_locked.with([&](Bucket& bucket) { return requeue(bucket, bucket); });
  auto [source, destination] = sync::lock_pair(from_locked, to_locked);
  return requeue(*source, *destination);
}

namespace {

// FUTEX_OP encoding: operation, comparison, and their operands (include/uapi/linux/futex.h).
struct WakeOperation {
  u32 operation, comparison;
  i32 operand, compared;
  explicit WakeOperation(u32 word)
      : operation(word >> 28 & 7),
        comparison(word >> 24 & 15),
        operand(static_cast<i32>(word << 8) >> 20),
        compared(static_cast<i32>(word << 20) >> 20) {
    if ((word >> 31) != 0) operand = static_cast<i32>(u32{1} << (operand & 31));
  }
  bool is_known() const { return operation <= 4 && comparison <= 5; }
  u32 apply(u32 old) const {
    const u32 value = static_cast<u32>(operand);
    switch (operation) {
      case 0: return value;
      case 1: return old + value;
      case 2: return old | value;
      case 3: return old & ~value;
      default: return old ^ value;
    }
  }
  bool holds(i32 old) const {
    switch (comparison) {
      case 0: return old == compared;
      case 1: return old != compared;
      case 2: return old < compared;
      case 3: return old <= compared;
      case 4: return old > compared;
      default: return old >= compared;
    }
  }
};

}  // namespace

Result<i64> futex_wake_op(VirtAddr address, u32 wake, VirtAddr second, u32 wake_second, u32 word, bool shared) {
  const WakeOperation operation(word);
  if (!operation.is_known()) return Err(Errno::ENOSYS);
  const HeldKey first_key = TRY(key_for(address, shared));
  const HeldKey second_key = TRY(key_for(second, shared));
  u32 old = 0;
  for (;;) {
    if (!hal::hal_load_user_u32(&old, second)) return Err(Errno::EFAULT);
    u32 seen = 0;
    if (!hal::hal_exchange_user_u32(second, old, operation.apply(old), &seen)) return Err(Errno::EFAULT);
    if (seen == old) break;
  }
  i64 woken =
      bucket_of(first_key.key).with([&](Bucket& bucket) { return wake_in(bucket, first_key.key, wake, ~u32{0}); });
  if (operation.holds(static_cast<i32>(old))) {
    woken += bucket_of(second_key.key).with([&](Bucket& bucket) {
      return wake_in(bucket, second_key.key, wake_second, ~u32{0});
    });
  }
  return woken;
}

namespace {

constexpr u32 kOwnerDied = 0x40000000, kWaiters = 0x80000000, kTidMask = 0x3fffffff;
constexpr u32 kMaxRobust = 2048;  // as Linux: ROBUST_LIST_LIMIT, against a list that is a circle

// struct robust_list_head of the interface.
struct RobustHead {
  u64 next;
  i64 futex_offset;
  u64 pending;
};

void release_robust(VirtAddr address, i32 tid) {
  u32 value = 0;
  if (!hal::is_user_range(address, sizeof(u32)) || address % sizeof(u32) != 0) return;
  if (!hal::hal_load_user_u32(&value, address)) return;
  while ((value & kTidMask) == static_cast<u32>(tid)) {
    const u32 wanted = (value & kWaiters) | kOwnerDied;
    u32 seen = 0;
    if (!hal::hal_exchange_user_u32(address, value, wanted, &seen)) return;
    if (seen != value) {
      value = seen;
      continue;
    }
    if ((value & kWaiters) != 0) static_cast<void>(futex_wake_address(address, 1));
    return;
  }
}

}  // namespace

void release_robust_list(VirtAddr list, i32 tid) {
  if (list == 0) return;
  const auto head = mm::UserIn<RobustHead>(list).get();
  if (!head) return;
  const auto futex_of = [&](u64 entry) { return (entry & ~u64{1}) + static_cast<u64>(head->futex_offset); };
  u64 entry = head->next;
  for (u32 i = 0; i < kMaxRobust && (entry & ~u64{1}) != list; ++i) {
    const auto next = mm::UserIn<u64>(entry & ~u64{1}).get();
    if (entry != head->pending) release_robust(futex_of(entry), tid);
    if (!next) return;
    entry = *next;
  }
  if (head->pending != 0) release_robust(futex_of(head->pending), tid);
}

}  // namespace ipc
