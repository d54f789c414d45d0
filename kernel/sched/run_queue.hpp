// The runnable threads of one CPU.
//
// Slots 0 to 98 are real-time priorities 99 to 1, slots 100 to 139 our priorities 0 to 39. A thread that used up its
// quantum goes to the expired array; when the active one is empty the two change places, so that nobody starves however
// urgent the others are. Real-time threads never expire.
//
// The lock is a bare one, because it is taken by one thread and released by the next: from the choice of the next
// thread until its stack is in use. Interrupts are off while it is held, and no other lock but another run queue's is
// taken inside.
#pragma once

#include "kernel/lib/spin.hpp"
#include "kernel/sched/thread.hpp"

namespace sched {

inline constexpr usize kRealtimeSlots = 100;
inline constexpr usize kSlots = kRealtimeSlots + kPriorities;

// The slot that the thread's priority and recent behaviour give it.
u8 slot_of(const Thread& thread);
// The quantum that goes with its priority: 10 ms at nice 0, more for the urgent, less for the patient.
u64 quantum_of(const Thread& thread);

class PriorityArray {
 public:
  bool empty() const { return (bits_[0] | bits_[1] | bits_[2]) == 0; }
  usize first_slot() const;  // not if empty
  Thread& front() { return queues_[first_slot()].front(); }
  void push_back(Thread& thread);
  void push_front(Thread& thread);
  void remove(Thread& thread);
  // The most urgent thread that may run on `cpu`, or null.
  Thread* find_for(u32 cpu);

 private:
  u64 bits_[3] = {};
  lib::List<Thread> queues_[kSlots];
};

class RunQueue {
 public:
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

  // All with the lock held.
  void enqueue(Thread& thread, bool at_front);
  void enqueue_expired(Thread& thread);
  void dequeue(Thread& thread);
  Thread* take_next();        // null: nobody
  Thread* take_for(u32 cpu);  // for a thief; null: nobody may move there
  bool has_slot_before(usize slot) const { return !active_->empty() && active_->first_slot() < slot; }
  bool has_slot_up_to(usize slot) const { return !active_->empty() && active_->first_slot() <= slot; }

  // Threads that wait here, not counting the one that runs. Any context.
  u32 waiting() const { return waiting_.load(std::memory_order_relaxed); }

  Thread* running = nullptr;  // lock

 private:
  void insert(PriorityArray& array, Thread& thread, bool at_front);

  lib::RawSpinLock lock_;
  std::atomic<u32> waiting_ = 0;
  PriorityArray arrays_[2];
  PriorityArray* active_ = &arrays_[0];
  PriorityArray* expired_ = &arrays_[1];
};

}  // namespace sched
