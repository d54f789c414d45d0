// The TCP/IP stack's one lock, and what happens when it is given back.
//
// lwIP is not reentrant: every call into it, and everything that its callbacks touch, is under this lock. It is a
// mutex; no interrupt handler takes it. Giving it back first delivers what was sent to this machine itself (loopback),
// then lets the clocks know that there may be work for them. Rule: nothing that waits for the network may wait with the
// lock held.
#pragma once

#include <lwip/err.h>
#include "kernel/sync/locked.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace net::inet {

extern sync::Locked<sync::Nothing, sync::LockClass::InetCore> g_core;

// While one exists the calling thread owns the stack.
class CoreLock {
 public:
  CoreLock() : guard_(g_core.lock()) { enter(); }
  ~CoreLock() { leave(); }
  CoreLock(const CoreLock&) = delete;
  CoreLock& operator=(const CoreLock&) = delete;

 private:
  void enter();
  void leave();
  decltype(g_core)::Guard guard_;
};

template <class F>
decltype(auto) with_core(F&& function) {
  CoreLock lock;
  return std::forward<F>(function)();
}

// Objects that lwIP's callbacks cannot destroy while lwIP still uses them: destroyed when the lock is given back.
struct LeftoverTag;
struct Leftover : lib::TaggedListNode<LeftoverTag> {
  virtual void dispose() = 0;

 protected:
  ~Leftover() = default;
};
void dispose_later(Leftover& leftover);

// lwIP's number of the loopback interface, which it makes first.
inline constexpr u8 kLoopbackIndex = 1;

// What lwIP answered, as Linux would say it.
Status status_of(err_t error);
Errno errno_of(err_t error);

}  // namespace net::inet
