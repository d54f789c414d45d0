// Preemption of the current thread, off and on. Nests. Any context.
#pragma once

#include <atomic>

#include "hal/cpu.hpp"
#include "kernel/sync/scheduler_interface.hpp"

namespace sync {

inline void preempt_disable() {
  ++hal::current_thread()->preempt_count;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

// Switches it back on without looking whether somebody waits; for those who look themselves.
inline void preempt_enable_no_check() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  --hal::current_thread()->preempt_count;
}

inline void preempt_enable() {
  preempt_enable_no_check();
  hal::ThreadAnchor* thread = hal::current_thread();
  const u32 work = thread->work.load(std::memory_order_relaxed);
  if ((work & static_cast<u32>(hal::ThreadWork::Reschedule)) != 0 && thread->preempt_count == 0) [[unlikely]] {
    preempt_now();
  }
}

class PreemptGuard {
 public:
  PreemptGuard() { preempt_disable(); }
  ~PreemptGuard() { preempt_enable(); }
  PreemptGuard(const PreemptGuard&) = delete;
  PreemptGuard& operator=(const PreemptGuard&) = delete;
};

}  // namespace sync
