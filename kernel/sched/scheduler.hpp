// Choosing who runs.
//
// schedule() is the only place where a CPU changes threads. It runs with interrupts off and holds the run queue's lock
// across the switch of stacks, so that nobody can take a thread from the queue, or wake it elsewhere, while its
// registers are still being saved. wake() is the other half; kernel/sync/scheduler_interface.hpp says how sleeping uses
// both.
#pragma once

#include "kernel/sched/cpu.hpp"
#include "kernel/sched/thread.hpp"

namespace sched {

// Turns the boot context into CPU 0's idle thread. Boot CPU, once, before any lock of kind Mutex can be contended.
void init_boot_cpu(VirtAddr stack_top);
// Prepares the structures of the other CPUs, then starts them one by one and waits until each is online or given up.
// Those beyond `most` CPUs in all stay off.
void start_other_cpus(u64 most);
// What a CPU does when nobody else wants it. Never returns.
[[noreturn]] void idle_loop();

// Gives the CPU to the most urgent thread. The calling thread goes to sleep if its state says so; `preempted` keeps it
// runnable whatever its state. Interrupts off.
void schedule(bool preempted);
// The calling thread never runs again. `destroy` is called for it by another thread.
[[noreturn]] void exit_current();
// Lets others of the same urgency run first (sched_yield).
void yield();

// Makes a new thread runnable. Any context.
void start(Thread& thread);

// From now on the calling thread runs with this address space (null: only the kernel's). The caller keeps the
// reference.
void use_address_space(mm::AddressSpace* space);

// Makes a thread that is running in user mode enter the kernel soon, to look at its work bits. Any context.
void kick(Thread& thread);

// Applied at once, also to a thread that waits in a queue.
void set_priority(Thread& thread, Priority priority);
// EINVAL when no online CPU is allowed. Moves the thread if it is elsewhere.
Status set_affinity(Thread& thread, const Affinity& affinity);

// The clock went off. Interrupts off.
void tick(bool user_mode);

// Another CPU put a thread into this one's queue (Ipi::Reschedule). Interrupts off.
void look_at_queue();

// This CPU reacts: for the lockup detector, which asked by Ipi::Call. Interrupts off.
void show_life();

// The first thing on a new thread's stack: completes the switch that led to it, and enables interrupts.
void begin_thread();

// Total time that a thread was on a CPU, in nanoseconds, up to now for the calling thread.
u64 run_time_of(const Thread& thread);

// The same, divided between its program and the kernel as the samples say: whole ticks found it in one or the other.
struct TimeSplit {
  u64 user_ns = 0, system_ns = 0;
};
TimeSplit time_split_of(const Thread& thread);

// What a CPU has done since boot, up to now.
struct CpuTimes {
  u64 user_ns = 0, system_ns = 0, idle_ns = 0;
};
CpuTimes times_of(Cpu& cpu);

// What must happen at the latest then; implemented by kernel/time.
void request_tick(u64 deadline_ns);

}  // namespace sched
