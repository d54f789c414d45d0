// The bare spinning lock: an atomic word and nothing else. It knows no interrupts, no preemption and no lock class; it
// is for the rooms below kernel/sync (the log, lock checking itself) and for kernel/sync to build on. All others use
// Locked<T, LockClass>.
#pragma once

#include <atomic>

#include "hal/cpu.hpp"

namespace lib {

class RawSpinLock {
 public:
  void lock() {
    while (word_.exchange(1, std::memory_order_acquire) != 0) {
      while (word_.load(std::memory_order_relaxed) != 0) hal::relax();
    }
  }
  bool try_lock() { return word_.exchange(1, std::memory_order_acquire) == 0; }
  void unlock() { word_.store(0, std::memory_order_release); }
  bool is_locked() const { return word_.load(std::memory_order_relaxed) != 0; }

 private:
  std::atomic<u32> word_ = 0;
};

}  // namespace lib
