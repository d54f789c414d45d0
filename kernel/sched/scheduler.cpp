#include "kernel/sched/scheduler.hpp"

#include <algorithm>
#include <cstring>

#include "hal/cpu.h"
#include "hal/smp.hpp"
#include "hal/timer.hpp"
#include "hal/tlb.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/mm/address_space.hpp"
#include "kernel/mm/kernel_map.hpp"
#include "kernel/sched/cpus.hpp"
#include "kernel/sync/preempt.hpp"

namespace sched {
namespace {

using hal::ThreadWork;

constexpr u32 kReschedule = static_cast<u32>(ThreadWork::Reschedule);

void ask_to_reschedule(Cpu& target) {
  target.queue.running->work.fetch_or(kReschedule, std::memory_order_seq_cst);
  if (&target != &this_cpu()) hal::send_ipi(target.id, hal::Ipi::Reschedule);
}

// The queue of the CPU that the thread belongs to, locked. Interrupts off.
Cpu& lock_cpu_of(Thread& thread) {
  for (;;) {
    Cpu& owner = *static_cast<Cpu*>(thread.cpu);
    owner.queue.lock();
    if (thread.cpu == &owner) return owner;
    owner.queue.unlock();
  }
}

// A thread that just became runnable on `target` (queue locked): does it beat the one that runs?
void preempt_if_more_urgent(Cpu& target, const Thread& fresh) {
  Thread& running = *target.queue.running;
  if (&running == target.idle || fresh.slot < running.slot) {
    ask_to_reschedule(target);
  } else if (&target == &this_cpu()) {
    request_tick(running.started_ns + running.slice_left_ns);
  } else if (target.tick_deadline_ns.load(std::memory_order_seq_cst) > hal::monotonic_ns() + kQuantumNs) {
    // Its thread has run alone and without a clock for its quantum until now: on_ipi() arms one.
    hal::send_ipi(target.id, hal::Ipi::Reschedule);
  }
}

// Where a woken thread should run: where it ran before if that CPU is idle, else on an idle one, else where it was.
Cpu& choose_cpu(const Thread& thread) {
  Cpu& last = *static_cast<Cpu*>(thread.cpu);
  const bool last_allowed = thread.affinity.allows(last.id);
  if (last_allowed && is_idle(last)) return last;
  if (Cpu* idle = find_idle_cpu(thread.affinity)) return *idle;
  return last_allowed ? last : first_allowed_cpu(thread.affinity);
}

// `from` is locked and holds the thread nowhere. Unlocks it.
void move_to(Cpu& from, Cpu& to, Thread& thread) {
  thread.state.store(State::Waking, std::memory_order_relaxed);
  from.queue.unlock();
  to.queue.lock();
  thread.cpu = &to;
  thread.state.store(State::Runnable, std::memory_order_relaxed);
  to.queue.enqueue(thread, false);
  preempt_if_more_urgent(to, thread);
  to.queue.unlock();
}

bool runs_mostly_in_user(const Thread& thread) {
  return thread.is_user && thread.user_samples >= thread.kernel_samples;
}

// Charges the running thread for the time since it got the CPU.
void account(Cpu& cpu, Thread& thread, u64 now) {
  const u64 elapsed = now - thread.started_ns;
  thread.started_ns = now;
  thread.run_time_ns += elapsed;
  thread.slice_left_ns -= std::min(elapsed, thread.slice_left_ns);
  cpu.last_alive_ns.store(now, std::memory_order_relaxed);
  if (&thread == cpu.idle) return;  // the idle loop counts its own rest
  (runs_mostly_in_user(thread) ? cpu.user_ns : cpu.system_ns) += elapsed;
}

// Puts the thread that loses the CPU where it belongs. Its queue is locked.
void put_back(Cpu& cpu, Thread& thread, bool preempted) {
  const State state = thread.state.load(std::memory_order_seq_cst);
  if (state == State::Dead || &thread == cpu.idle) return;
  if (state == State::Sleeping && !preempted) {
    ++thread.voluntary_switches;
    thread.interactivity = static_cast<i8>(std::max(-3, thread.interactivity - 1));
    return;
  }
  ++thread.involuntary_switches;
  if (!thread.affinity.allows(cpu.id)) {
    // finish_switch() moves it once its registers are saved. If it was about to sleep, it has yet to look at what it
    // waits for: it counts as woken.
    thread.state.store(State::Runnable, std::memory_order_relaxed);
    return;
  }
  if (thread.slice_left_ns != 0) {
    cpu.queue.enqueue(thread, preempted);
    return;
  }
  thread.interactivity = static_cast<i8>(std::min(3, thread.interactivity + 1));
  thread.slice_left_ns = quantum_of(thread);
  if (class_of(thread.priority) == Class::Realtime) {
    cpu.queue.enqueue(thread, thread.priority.policy == Policy::Fifo);
  } else {
    cpu.queue.enqueue_expired(thread);
  }
}

void activate(Cpu& cpu, mm::AddressSpace* space) {
  if (space == nullptr || space == cpu.active_space) return;
  space->acquire();
  space->root().set_active(cpu.id);
  hal::activate_root(space->root());
  mm::AddressSpace* before = std::exchange(cpu.active_space, space);
  if (before == nullptr) return;
  before->root().clear_active(cpu.id);
  before->release();
}

// On the new thread's stack, queue still locked, interrupts off: lets go of the queue and of the thread before.
void finish_switch() {
  Cpu& cpu = this_cpu();
  Thread& before = *std::exchange(cpu.leaving, nullptr);
  const State state = before.state.load(std::memory_order_relaxed);
  if (state == State::Runnable && !before.on_queue && &before != cpu.idle) {
    move_to(cpu, first_allowed_cpu(before.affinity), before);
    return;
  }
  cpu.queue.unlock();
  if (state == State::Dead) before.destroy(before);
}

// A program that runs alone is looked at once a quantum, for samples of where it spends its time. Armed only when
// nothing else will go off by then, so that threads that take turns quickly do not write to the timer each time.
void request_sample(Cpu& cpu, const Thread& thread, u64 now) {
  if (thread.is_user && cpu.tick_deadline_ns.load(std::memory_order_relaxed) > now + kQuantumNs)
    request_tick(now + kQuantumNs);
}

void switch_to(Cpu& cpu, Thread& before, Thread& next, u64 now) {
  ++cpu.context_switches;
  next.started_ns = now;
  cpu.queue.running = &next;
  cpu.leaving = &before;
  cpu.kernel_stack = next.kernel_stack_top;
  if (before.is_user) hal::leave_user_state(before.context);
  activate(cpu, next.space);
  if (next.is_user) hal::enter_user_state(next.context, next.kernel_stack_top);
  cpu.current = &next;
  hal::arch::set_current_thread(&next);
  hal::hal_switch_stack(&before.context, &next.context);
  finish_switch();
}

struct KernelThread : Thread {
  hal::ThreadEntry entry = nullptr;
  void* argument = nullptr;
};

void destroy_kernel_thread(Thread& thread) {
  mm::free_stack(thread.kernel_stack_top);
  lib::destroy(static_cast<KernelThread*>(&thread));
}

void kernel_thread_start(void* self) {
  begin_thread();
  auto* thread = static_cast<KernelThread*>(self);
  thread->entry(thread->argument);
  exit_current();
}

}  // namespace

void begin_thread() {
  finish_switch();
  hal::interrupts_enable();
}

void set_name(Thread& thread, std::string_view name) {
  const usize length = std::min(name.size(), Thread::kNameSize - 1);
  std::memcpy(thread.name, name.data(), length);
  std::memset(thread.name + length, 0, Thread::kNameSize - length);
}

void schedule(bool preempted) {
  Cpu& cpu = this_cpu();
  Thread& before = current();
  const u64 now = hal::monotonic_ns();
  before.work.fetch_and(~kReschedule, std::memory_order_seq_cst);
  cpu.queue.lock();
  account(cpu, before, now);
  put_back(cpu, before, preempted);
  Thread* next = cpu.queue.take_next();
  if (next == nullptr) next = cpu.idle;
  if (next != cpu.idle && cpu.queue.waiting() != 0) request_tick(now + next->slice_left_ns);
  request_sample(cpu, *next, now);
  if (next == &before) {
    cpu.queue.unlock();
    return;
  }
  switch_to(cpu, before, *next, now);
}

void exit_current() {
  hal::interrupts_disable();
  current().state.store(State::Dead, std::memory_order_relaxed);
  schedule(false);
  __builtin_unreachable();
}

void yield() {
  hal::InterruptGuard interrupts_off;
  Thread& self = current();
  if (class_of(self.priority) != Class::Realtime) self.slice_left_ns = 0;
  account(this_cpu(), self, hal::monotonic_ns());
  schedule(false);
}

void start(Thread& thread) {
  hal::InterruptGuard interrupts_off;
  if (thread.cpu == nullptr) thread.cpu = &this_cpu();
  thread.slice_left_ns = quantum_of(thread);
  Cpu& target = choose_cpu(thread);
  thread.cpu = &target;
  target.queue.lock();
  target.queue.enqueue(thread, false);
  preempt_if_more_urgent(target, thread);
  target.queue.unlock();
}

Status start_kernel_thread(const char* name, hal::ThreadEntry entry, void* argument, Priority priority) {
  auto thread = TRY(lib::make_own<KernelThread>());
  thread->kernel_stack_top = TRY(mm::allocate_stack());
  thread->entry = entry;
  thread->argument = argument;
  thread->priority = priority;
  thread->destroy = destroy_kernel_thread;
  set_name(*thread, name);
  hal::prepare_thread(thread->context, thread->kernel_stack_top, kernel_thread_start, thread.get());
  start(*thread.release());
  return {};
}

void use_address_space(mm::AddressSpace* space) {
  hal::InterruptGuard interrupts_off;
  current().space = space;
  activate(this_cpu(), space);
}

void kick(Thread& thread) {
  hal::InterruptGuard interrupts_off;
  Cpu& owner = lock_cpu_of(thread);
  const bool runs_elsewhere = owner.queue.running == &thread && &owner != &this_cpu();
  owner.queue.unlock();
  if (runs_elsewhere) hal::send_ipi(owner.id, hal::Ipi::Reschedule);
}

void set_priority(Thread& thread, Priority priority) {
  hal::InterruptGuard interrupts_off;
  Cpu& owner = lock_cpu_of(thread);
  const bool queued = thread.on_queue;
  if (queued) owner.queue.dequeue(thread);
  thread.priority = priority;
  thread.slot = slot_of(thread);
  if (queued) {
    owner.queue.enqueue(thread, false);
    preempt_if_more_urgent(owner, thread);
  } else if (owner.queue.running == &thread) {
    ask_to_reschedule(owner);
  }
  owner.queue.unlock();
}

Status set_affinity(Thread& thread, const Affinity& affinity) {
  if (!has_allowed_cpu(affinity)) return Err(Errno::EINVAL);
  hal::InterruptGuard interrupts_off;
  Cpu& owner = lock_cpu_of(thread);
  thread.affinity = affinity;
  if (affinity.allows(owner.id)) {
    owner.queue.unlock();
  } else if (thread.on_queue) {
    owner.queue.dequeue(thread);
    move_to(owner, choose_cpu(thread), thread);
  } else {
    // It runs (its next schedule() moves it) or sleeps (wake() chooses anew).
    if (owner.queue.running == &thread) ask_to_reschedule(owner);
    owner.queue.unlock();
  }
  return {};
}

void look_at_queue() {
  Cpu& cpu = this_cpu();
  if (cpu.queue.waiting() == 0 || &current() == cpu.idle) return;
  request_tick(current().started_ns + current().slice_left_ns);
}

void show_life() { this_cpu().last_alive_ns.store(hal::monotonic_ns(), std::memory_order_relaxed); }

void tick(bool user_mode) {
  Cpu& cpu = this_cpu();
  Thread& thread = current();
  const u64 now = hal::monotonic_ns();
  if (user_mode) {
    ++thread.user_samples;
  } else {
    ++thread.kernel_samples;
  }
  if (&thread == cpu.idle) return;
  cpu.queue.lock();
  account(cpu, thread, now);
  const u32 waiting = cpu.queue.waiting();
  if (waiting != 0) {
    if (thread.slice_left_ns == 0) {
      thread.work.fetch_or(kReschedule, std::memory_order_relaxed);
    } else {
      request_tick(now + thread.slice_left_ns);
    }
  }
  request_sample(cpu, thread, now);
  cpu.queue.unlock();
  if (waiting != 0) offer_work(cpu);
}

u64 run_time_of(const Thread& thread) {
  Cpu* cpu = static_cast<Cpu*>(thread.cpu);
  if (cpu == nullptr) return thread.run_time_ns;
  hal::InterruptGuard interrupts_off;
  cpu->queue.lock();
  // A CPU that runs one program undisturbed changes nothing for a long time.
  const u64 now = hal::monotonic_ns();
  const bool runs = cpu->queue.running == &thread && now > thread.started_ns;
  const u64 time = thread.run_time_ns + (runs ? now - thread.started_ns : 0);
  cpu->queue.unlock();
  return time;
}

TimeSplit time_split_of(const Thread& thread) {
  const u64 total = run_time_of(thread);
  const u64 samples = u64{thread.user_samples} + thread.kernel_samples;
  const u64 user = samples == 0 ? total / 2 : total * thread.user_samples / samples;
  return {user, total - user};
}

CpuTimes times_of(Cpu& cpu) {
  hal::InterruptGuard interrupts_off;
  cpu.queue.lock();
  const u64 now = hal::monotonic_ns();
  CpuTimes times = {cpu.user_ns, cpu.system_ns, cpu.idle_ns};
  const Thread* running = cpu.queue.running;
  if (running != nullptr && running != cpu.idle) {
    if (now > running->started_ns)
      (runs_mostly_in_user(*running) ? times.user_ns : times.system_ns) += now - running->started_ns;
  } else if (const u64 since = cpu.idle_since_ns.load(std::memory_order_relaxed); since != 0 && now > since) {
    times.idle_ns += now - since;
  }
  cpu.queue.unlock();
  return times;
}

}  // namespace sched

namespace sync {

void prepare_to_sleep(bool interruptible) {
  sched::current().sleep_is_interruptible.store(interruptible, std::memory_order_relaxed);
  sched::current().state.store(sched::State::Sleeping, std::memory_order_seq_cst);
}

void cancel_sleep() { sched::current().state.store(sched::State::Runnable, std::memory_order_relaxed); }

bool wake(hal::ThreadAnchor& anchor) {
  using namespace sched;
  Thread& thread = static_cast<Thread&>(anchor);
  hal::InterruptGuard interrupts_off;
  Cpu& owner = lock_cpu_of(thread);
  if (thread.state.load(std::memory_order_seq_cst) != State::Sleeping) {
    owner.queue.unlock();
    return false;
  }
  if (thread.on_queue || owner.queue.running == &thread) {
    thread.state.store(State::Runnable, std::memory_order_relaxed);
    owner.queue.unlock();
    return true;
  }
  Cpu& target = choose_cpu(thread);
  if (&target != &owner) {
    move_to(owner, target, thread);
    return true;
  }
  thread.state.store(State::Runnable, std::memory_order_relaxed);
  owner.queue.enqueue(thread, false);
  preempt_if_more_urgent(owner, thread);
  owner.queue.unlock();
  return true;
}

bool current_is_interrupted() { return sched::current().interrupted.load(std::memory_order_relaxed); }

void preempt_now() {
  if (!hal::interrupts_enabled()) return;
  hal::interrupts_disable();
  sched::schedule(true);
  hal::interrupts_enable();
}

HeldLocks& held_locks([[maybe_unused]] hal::ThreadAnchor& thread) {
#if HALYARD_DEBUG
  return static_cast<sched::Thread&>(thread).held_locks;
#else
  static HeldLocks none;
  return none;
#endif
}

}  // namespace sync
