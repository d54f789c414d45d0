// A machine whose threads are the host's: each has a CPU of its own, and no interrupts.
#pragma once

#include <thread>

#include "hal/anchor.hpp"

namespace hal::arch {

inline thread_local CpuAnchor test_cpu;
ThreadAnchor* current_thread();  // threads/machine.cpp
inline CpuAnchor* current_cpu() { return &test_cpu; }
inline bool interrupts_enabled() { return true; }
inline void interrupts_enable() {}
inline void interrupts_disable() {}
inline void wait_for_interrupt() {}
inline void relax() { std::this_thread::yield(); }

}  // namespace hal::arch
