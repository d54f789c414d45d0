// The scheduler's part of each CPU. Derived from the anchor that the architecture knows.
#pragma once

#include "hal/anchor.hpp"
#include "hal/cpu.hpp"
#include "kernel/sched/run_queue.hpp"

namespace mm {
class AddressSpace;
}

namespace sched {

struct alignas(64) Cpu : hal::CpuAnchor {
  RunQueue queue;
  Thread* idle = nullptr;
  mm::AddressSpace* active_space = nullptr;     // whose root the MMU holds; counts a reference
  Thread* leaving = nullptr;                    // who was switched away from, until finish_switch() has looked at it
  std::atomic<u64> tick_deadline_ns = ~u64{0};  // when the one-shot timer will go off; this CPU writes
  u64 quantum_deadline_ns = ~u64{0};            // what the scheduler asked for; only this CPU
  std::atomic<bool> is_online = false;

  // Time by what the CPU did, up to the last change of threads (times_of() knows the rest). Only this CPU writes.
  u64 user_ns = 0, system_ns = 0, idle_ns = 0, nice_ns = 0;
  std::atomic<u64> idle_since_ns = 0;  // while it rests; else 0
  u64 context_switches = 0;
  std::atomic<u64> last_alive_ns = 0;  // the lockup detector's: when this CPU last ticked or switched
};

inline Cpu& this_cpu() { return *static_cast<Cpu*>(hal::current_cpu()); }
Cpu& cpu(u32 number);
u32 online_cpus();

}  // namespace sched
