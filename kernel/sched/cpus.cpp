#include "kernel/sched/cpus.hpp"

#include <bit>

#include "hal/context.hpp"
#include "hal/cpu.h"
#include "hal/timer.h"
#include "hal/timer.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/allocate.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/mm/kernel_map.hpp"
#include "kernel/mm/node.hpp"
#include "kernel/sched/scheduler.hpp"

namespace sched {
namespace {

constexpr u64 kStartTimeoutMs = 1000;

Cpu g_boot_cpu;
Thread g_boot_idle;
Cpu* g_cpus[hal::kMaxCpus] = {&g_boot_cpu};
std::atomic<u32> g_online = 0;
hal::CpuMask g_online_mask;
hal::CpuMask g_idle_mask;

// The number of the first CPU in `mask` that the affinity allows, or kMaxCpus.
u32 first_in(const hal::CpuMask& mask, const Affinity& affinity) {
  for (usize word = 0; word < hal::CpuMask::kWords; ++word) {
    const u64 bits = mask.raw(word) & affinity.words[word];
    if (bits != 0) return static_cast<u32>(word * 64 + static_cast<usize>(std::countr_zero(bits)));
  }
  return hal::kMaxCpus;
}

void become_online(Cpu& cpu) {
  cpu.last_alive_ns.store(hal::monotonic_ns(), std::memory_order_relaxed);
  g_online_mask.set(cpu.id);
  g_online.fetch_add(1);
  cpu.is_online.store(true, std::memory_order_release);
}

void set_up_idle(Cpu& cpu, Thread& idle, VirtAddr stack_top) {
  idle.kernel_stack_top = stack_top;
  idle.cpu = &cpu;
  idle.priority.policy = Policy::Idle;
  char name[Thread::kNameSize];
  const usize length = lib::format_into(name, sizeof(name), "idle/%u", cpu.id);
  set_name(idle, {name, length});
  cpu.idle = &idle;
  cpu.queue.running = &idle;
  cpu.current = &idle;
  cpu.kernel_stack = stack_top;
}

Result<Cpu*> make_cpu(u32 number) {
  // Own pages, because Cpu wants a cache line's alignment and no false sharing.
  void* memory = lib::allocate(align_up(sizeof(Cpu), kPageSize));
  Thread* idle = lib::try_new<Thread>();
  const auto stack = mm::allocate_stack();
  if (memory == nullptr || idle == nullptr || !stack) return Err(Errno::ENOMEM);
  Cpu* cpu = ::new (memory) Cpu();
  cpu->id = number;
  set_up_idle(*cpu, *idle, *stack);
  return cpu;
}

bool wait_until_online(const Cpu& cpu) {
  const u64 start = hal_timer_ms();
  while (!cpu.is_online.load(std::memory_order_acquire)) {
    if (hal_timer_ms() - start > kStartTimeoutMs) return false;
    hal::relax();
  }
  return true;
}

// Takes a waiting thread from the CPU with the most of them. Interrupts off. Null if there is none to take.
Thread* steal(Cpu& thief) {
  Cpu* busiest = nullptr;
  for (u32 i = 0; i < hal_cpu_count(); ++i) {
    Cpu* other = g_cpus[i];
    if (other == nullptr || other == &thief || other->queue.waiting() == 0) continue;
    if (busiest == nullptr || other->queue.waiting() > busiest->queue.waiting()) busiest = other;
  }
  if (busiest == nullptr) return nullptr;
  busiest->queue.lock();
  Thread* thread = busiest->queue.take_for(thief.id);
  if (thread != nullptr) {
    // Under the old queue's lock; nobody else finds it until it is in the new one.
    thread->state.store(State::Waking, std::memory_order_relaxed);
  }
  busiest->queue.unlock();
  if (thread == nullptr) return nullptr;
  thief.queue.lock();
  thread->cpu = &thief;
  thread->state.store(State::Runnable, std::memory_order_relaxed);
  thief.queue.enqueue(*thread, false);
  thief.queue.unlock();
  return thread;
}

// Sleeps until an interrupt, unless there is something to do. Interrupts off before and after.
void rest(Cpu& cpu) {
  g_idle_mask.set(cpu.id);
  const bool has_work = cpu.queue.waiting() != 0 || (cpu.idle->work.load(std::memory_order_seq_cst) &
                                                     static_cast<u32>(hal::ThreadWork::Reschedule));
  const u64 start = hal::monotonic_ns();
  cpu.idle_since_ns.store(start, std::memory_order_relaxed);
  if (!has_work) hal::wait_for_interrupt();
  hal::interrupts_disable();
  const u64 now = hal::monotonic_ns();
  cpu.idle_since_ns.store(0, std::memory_order_relaxed);
  cpu.idle_ns += now - start;
  cpu.last_alive_ns.store(now, std::memory_order_relaxed);
  g_idle_mask.clear(cpu.id);
}

}  // namespace

Cpu& cpu(u32 number) { return *g_cpus[number]; }
u32 online_cpus() { return g_online.load(std::memory_order_relaxed); }

bool is_online(u32 number) {
  return number < hal::kMaxCpus && g_cpus[number] != nullptr &&
         g_cpus[number]->is_online.load(std::memory_order_acquire);
}

bool is_idle(const Cpu& cpu) { return g_idle_mask.test(cpu.id) && cpu.queue.waiting() == 0; }

u32 runnable_threads() {
  u32 count = 0;
  for (u32 number = 0; number < online_cpus(); ++number) {
    count += cpu(number).queue.waiting() + (g_idle_mask.test(number) ? 0 : 1);
  }
  return count;
}

Cpu* find_idle_cpu(const Affinity& affinity) {
  const u32 number = first_in(g_idle_mask, affinity);
  return number == hal::kMaxCpus ? nullptr : g_cpus[number];
}

bool has_allowed_cpu(const Affinity& affinity) { return first_in(g_online_mask, affinity) != hal::kMaxCpus; }

Cpu& first_allowed_cpu(const Affinity& affinity) { return *g_cpus[first_in(g_online_mask, affinity)]; }

void offer_work(const Cpu& busy) {
  const Affinity anywhere;
  const Cpu* idle = find_idle_cpu(anywhere);
  if (idle != nullptr && idle != &busy) hal::send_ipi(idle->id, hal::Ipi::Reschedule);
}

void init_boot_cpu(VirtAddr stack_top) {
  g_boot_cpu.hardware_id = hal::current_cpu()->hardware_id;
  set_up_idle(g_boot_cpu, g_boot_idle, stack_top);
  hal::arch::set_boot_anchors(&g_boot_cpu, &g_boot_idle);
  become_online(g_boot_cpu);
}

void start_other_cpus(u64 most) {
  for (u32 number = 1; number < hal_cpu_count() && number < most; ++number) {
    const auto made = make_cpu(number);
    if (!made) {
      LOG_ERROR("smp", "no memory for CPU %u", number);
      return;
    }
    g_cpus[number] = *made;
    const Status started = hal::start_cpu(number, *made, (*made)->idle);
    if (!started || !wait_until_online(**made)) {
      LOG_ERROR("smp", "CPU %u does not start", number);
      g_cpus[number] = nullptr;
    }
  }
  LOG_INFO("smp", "%u of %u CPUs online", online_cpus(), hal_cpu_count());
}

void idle_loop() {
  Cpu& cpu = this_cpu();
  hal::interrupts_disable();
  // Never preempted: an interrupt that makes a thread runnable ends rest(), and the loop sees the thread. So the idle
  // mask and the idle time are true.
  ++hal::current_thread()->preempt_count;
  hal::show_programs_cpu(cpu.id, mm::node_of_cpu(cpu.id));
  if (!cpu.is_online.load(std::memory_order_relaxed)) become_online(cpu);
  for (;;) {
    if (cpu.queue.waiting() != 0 || steal(cpu) != nullptr) {
      schedule(false);
      continue;
    }
    cpu.idle->work.fetch_and(~static_cast<u32>(hal::ThreadWork::Reschedule), std::memory_order_seq_cst);
    if (cpu.queue.waiting() == 0) rest(cpu);
  }
}

}  // namespace sched
