// A machine with one CPU and one thread: the test.
#pragma once

#include "hal/anchor.hpp"

namespace hal::arch {

inline CpuAnchor test_cpu;
inline ThreadAnchor test_thread{.cpu = &test_cpu};

inline ThreadAnchor* current_thread() { return &test_thread; }
inline void set_current_thread(ThreadAnchor*) {}
inline CpuAnchor* current_cpu() { return &test_cpu; }
inline bool interrupts_enabled() { return true; }
inline void interrupts_enable() {}
inline void interrupts_disable() {}
inline void wait_for_interrupt() {}
inline void relax() {}

}  // namespace hal::arch
