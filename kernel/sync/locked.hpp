// Data that can be reached only with its lock held.
//
//   sync::Locked<Queue, sync::LockClass::WaitQueue> queue_;
//   queue_.with([&](Queue& queue) { ... });
//   auto queue = queue_.lock();   queue->push(...);        // until the guard goes
//
// The class says the kind of lock and its place in the order (lock_class.hpp). lock_pair() takes two of one class.
#pragma once

#include <functional>
#include <utility>

#include "hal/cpu.hpp"
#include "kernel/lib/spin.hpp"
#include "kernel/sync/lock_check.hpp"
#include "kernel/sync/lock_class.hpp"
#include "kernel/sync/mutex.hpp"
#include "kernel/sync/preempt.hpp"

namespace sync {

// One lock of a kind. acquire() returns what release() needs to undo it.
template <LockKind>
class KindLock;

template <>
class KindLock<LockKind::Mutex> {
 public:
  struct Saved {};
  Saved acquire() {
    mutex_.lock();
    return {};
  }
  bool try_acquire(Saved&) { return mutex_.try_lock(); }
  void release(Saved) { mutex_.unlock(); }

 private:
  Mutex mutex_;
};

template <>
class KindLock<LockKind::Spin> {
 public:
  struct Saved {};
  Saved acquire() {
    preempt_disable();
    lock_.lock();
    return {};
  }
  bool try_acquire(Saved&) {
    preempt_disable();
    if (lock_.try_lock()) return true;
    preempt_enable();
    return false;
  }
  void release(Saved) {
    lock_.unlock();
    preempt_enable();
  }

 private:
  lib::RawSpinLock lock_;
};

template <>
class KindLock<LockKind::SpinIrq> {
 public:
  struct Saved {
    bool interrupts = false;
  };
  Saved acquire() {
    const Saved saved{hal::interrupts_enabled()};
    hal::interrupts_disable();
    ++hal::current_thread()->preempt_count;
    lock_.lock();
    return saved;
  }
  bool try_acquire(Saved& saved) {
    saved.interrupts = hal::interrupts_enabled();
    hal::interrupts_disable();
    ++hal::current_thread()->preempt_count;
    if (lock_.try_lock()) return true;
    undo(saved);
    return false;
  }
  void release(Saved saved) {
    lock_.unlock();
    undo(saved);
  }

 private:
  static void undo(Saved saved) {
    if (saved.interrupts) {
      hal::interrupts_enable();
      preempt_enable();
    } else {
      preempt_enable_no_check();
    }
  }
  lib::RawSpinLock lock_;
};

template <class T, LockClass Class>
class Locked {
  using Lock = KindLock<kind_of(Class)>;
  using Saved = typename Lock::Saved;

 public:
  class [[nodiscard]] Guard {
   public:
    Guard(Guard&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), saved_(other.saved_) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() { unlock(); }
    void unlock() {
      if (owner_ == nullptr) return;
      Locked* owner = std::exchange(owner_, nullptr);
      check_release(owner);
      owner->lock_.release(saved_);
    }
    explicit operator bool() const { return owner_ != nullptr; }
    T* operator->() const { return &owner_->data_; }
    T& operator*() const { return owner_->data_; }

   private:
    friend class Locked;
    Guard(Locked* owner, Saved saved) : owner_(owner), saved_(saved) {}
    Locked* owner_;
    [[no_unique_address]] Saved saved_;
  };

  Locked() = default;
  template <class First, class... Arguments>
  explicit Locked(First&& first, Arguments&&... arguments)
      : data_(std::forward<First>(first), std::forward<Arguments>(arguments)...) {}
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

  Guard lock() { return lock_as(Nesting::None); }

  // An empty guard if somebody else holds it. Never waits, so the order does not matter.
  Guard try_lock() {
    Saved saved;
    return lock_.try_acquire(saved) ? Guard(this, saved) : Guard(nullptr, saved);
  }

  template <class F>
  decltype(auto) with(F&& function) {
    Guard guard = lock();
    return std::forward<F>(function)(*guard);
  }

  // With another lock of the class held already, where the order within the class is kept by other means: say which.
  template <class F>
  decltype(auto) with_nested(F&& function) {
    Guard guard = lock_as(Nesting::Allowed);
    return std::forward<F>(function)(*guard);
  }

  // For objects that nobody else can reach yet or any more.
  T& unshared() { return data_; }

  template <class U, LockClass C>
  friend std::pair<typename Locked<U, C>::Guard, typename Locked<U, C>::Guard> lock_pair(Locked<U, C>& a,
                                                                                         Locked<U, C>& b);

 private:
  Guard lock_as(Nesting nesting) {
    const VirtAddr taken_at = reinterpret_cast<VirtAddr>(__builtin_return_address(0));
#if HALYARD_DEBUG
    if constexpr (kind_of(Class) == LockKind::SpinIrq) {
      // An interrupt between the note that the lock is held and the lock itself would be blamed for its own locks.
      const bool were_enabled = hal::interrupts_enabled();
      hal::interrupts_disable();
      check_acquire(this, Class, nesting, taken_at);
      Saved saved = lock_.acquire();
      saved.interrupts = were_enabled;
      return Guard(this, saved);
    }
#endif
    check_acquire(this, Class, nesting, taken_at);
    return Guard(this, lock_.acquire());
  }

  [[no_unique_address]] T data_{};
  Lock lock_;
};

// Locks two different objects of one class in the order of their addresses; the guards come in the order of arguments.
template <class U, LockClass C>
std::pair<typename Locked<U, C>::Guard, typename Locked<U, C>::Guard> lock_pair(Locked<U, C>& a, Locked<U, C>& b) {
  if (std::less<>()(&a, &b)) {
    auto first = a.lock();
    auto second = b.lock_as(Nesting::ByAddress);
    return {std::move(first), std::move(second)};
  }
  auto first = b.lock();
  auto second = a.lock_as(Nesting::ByAddress);
  return {std::move(second), std::move(first)};
}

// A lock whose data are the members around it; say which ones beside it.
struct Nothing {};

}  // namespace sync
