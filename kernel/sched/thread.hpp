// Threads as the scheduler sees them.
//
// kernel/proc derives its user threads from this. A thread's fields belong to: the run queue's lock of the CPU that
// `cpu` names (state transitions, queue membership, priority); the thread itself (what it accounts while it runs);
// nobody after death. `cpu` changes only under the lock of the run queue that it names.
#pragma once

#include <string_view>

#include "hal/context.hpp"
#include "hal/cpu.hpp"
#include "hal/smp.hpp"
#include "kernel/lib/list.hpp"
#include "kernel/lib/ref.hpp"
#include "kernel/lib/result.hpp"
#include "kernel/sync/lock_check.hpp"

namespace mm {
class AddressSpace;
}

namespace sched {

class PriorityArray;

// Five classes, most urgent first.
enum class Class : u8 { Realtime, High, Normal, Low, Idle };

// Linux's policies (include/uapi/linux/sched.h).
enum class Policy : u8 { Normal = 0, Fifo = 1, RoundRobin = 2, Batch = 3, Idle = 5 };

enum class State : u8 {
  Runnable,  // running or on a run queue
  Sleeping,  // between prepare_to_sleep() and wake()
  Waking,    // being moved to another CPU's queue
  Dead,      // never runs again
};

struct Priority {
  Policy policy = Policy::Normal;
  i8 nice = 0;                 // -20 .. 19
  u8 realtime = 0;             // 1 .. 99 for Fifo and RoundRobin, else 0
  bool reset_on_fork = false;  // children get nothing of it
};

// Our 40 priorities, 0 the most urgent: nice + 20. High is 0 to 9, Normal 10 to 29, Low 30 to 38, Idle 39.
inline constexpr int kPriorities = 40;
inline constexpr u64 kQuantumNs = 10'000'000;

constexpr Class class_of(const Priority& priority) {
  if (priority.policy == Policy::Fifo || priority.policy == Policy::RoundRobin) return Class::Realtime;
  if (priority.policy == Policy::Idle) return Class::Idle;
  if (priority.nice < -10) return Class::High;
  if (priority.nice < 10) return Class::Normal;
  return priority.nice < 19 ? Class::Low : Class::Idle;
}

// What a new thread gets: its parent's, unless that was to end with it (SCHED_RESET_ON_FORK, sched(7)).
constexpr Priority priority_of_child(const Priority& parent) {
  if (!parent.reset_on_fork) return parent;
  const bool is_realtime = class_of(parent) == Class::Realtime;
  return {.policy = is_realtime ? Policy::Normal : parent.policy,
          .nice = is_realtime || parent.nice < 0 ? i8{0} : parent.nice};
}

struct Affinity {
  u64 words[hal::CpuMask::kWords] = {~u64{0}, ~u64{0}, ~u64{0}, ~u64{0}};
  bool allows(u32 cpu) const { return (words[cpu / 64] >> (cpu % 64) & 1) != 0; }
};
static_assert(hal::CpuMask::kWords == 4);

struct Thread : hal::ThreadAnchor, lib::ListNode {
  static constexpr usize kNameSize = 16;  // with the NUL, as Linux's comm

  hal::ThreadState context;                   // saved registers
  mm::AddressSpace* space = nullptr;          // null: a kernel thread; owned by the derived class
  void (*destroy)(Thread& thread) = nullptr;  // called after it died, on another stack, interrupts off

  std::atomic<State> state = State::Runnable;
  bool on_queue = false;
  PriorityArray* queue_array = nullptr;              // the array that it waits in
  bool is_user = false;                              // has user registers; kernel/proc's threads
  std::atomic<bool> sleep_is_interruptible = false;  // for /proc's state letter
  std::atomic<bool> interrupted = false;             // a signal waits: interruptible sleeps end

  Priority priority;
  u8 slot = 0;           // queue that it waits in
  i8 interactivity = 0;  // -3 .. 3: sleeps a lot .. the feedback inside Normal
  Affinity affinity;

  u64 slice_left_ns = kQuantumNs;
  u64 started_ns = 0;    // when it last got the CPU
  u64 run_time_ns = 0;   // without the present stretch
  u32 user_samples = 0;  // ticks that found it in user mode, and in the kernel: they split run_time_ns
  u32 kernel_samples = 0;
  u64 voluntary_switches = 0;
  u64 involuntary_switches = 0;

  char name[kNameSize] = {};
#if HALYARD_DEBUG
  sync::HeldLocks held_locks;
#endif
};

inline Thread& current() { return *static_cast<Thread*>(hal::current_thread()); }

void set_name(Thread& thread, std::string_view name);

// A thread of the kernel alone, runnable on return. Ends when `entry` returns. May sleep. ENOMEM.
Status start_kernel_thread(const char* name, hal::ThreadEntry entry, void* argument, Priority priority = {});

}  // namespace sched
