// What the architecture calls on an interrupt: the clock, other CPUs, and work before user mode is entered again.

#include "hal/cpu.hpp"
#include "hal/upcalls.hpp"
#include "kernel/diag/panic.hpp"
#include "kernel/random/random.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/time/timer.hpp"

namespace kernel {

void on_tick(const hal::TrapFrame& frame) {
  entropy::note_interrupt();
  ktime::run_due_timers();
  sched::tick(frame.from_user());
}

void on_ipi(hal::Ipi kind) {
  switch (kind) {
    case hal::Ipi::Reschedule: sched::look_at_queue(); break;
    case hal::Ipi::Call: sched::show_life(); break;
    case hal::Ipi::Stop: diag::stop_for_panic();
  }
}

void on_kernel_preempt() { sched::schedule(true); }

}  // namespace kernel
