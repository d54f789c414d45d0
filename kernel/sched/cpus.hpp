// All CPUs together: who is online, who is idle, where a thread may go.
#pragma once

#include "kernel/sched/cpu.hpp"
#include "kernel/sched/thread.hpp"

namespace sched {

// Any number; false for CPUs that never started.
bool is_online(u32 number);
bool is_idle(const Cpu& cpu);
// Threads that run or wait to, at about this moment. Any context.
u32 runnable_threads();
// An idle CPU that the affinity allows, or null.
Cpu* find_idle_cpu(const Affinity& affinity);
// The affinity allows at least one online CPU (has_allowed_cpu).
Cpu& first_allowed_cpu(const Affinity& affinity);
bool has_allowed_cpu(const Affinity& affinity);
// Threads wait on `busy`: wakes an idle CPU, which then takes one of them. Interrupts off.
void offer_work(const Cpu& busy);

}  // namespace sched
