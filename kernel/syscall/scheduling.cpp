// Who runs when: affinity, nice, policies (Linux sched(7)).

#include "gen/syscall_decl.hpp"
#include "hal/cpu.h"
#include "kernel/proc/process.hpp"
#include "kernel/proc/table.hpp"
#include "kernel/sched/run_queue.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/syscall/time_argument.hpp"

namespace syscall {
namespace {

using sched::Policy;

constexpr int kResetOnFork = 0x40000000;  // SCHED_RESET_ON_FORK, beside a policy

// Calls use(Thread&) with the thread of that number (0: the caller) while the table keeps it. ESRCH.
template <class Use>
Result<i64> with_thread(int tid, Use&& use) {
  if (tid < 0) return Err(Errno::EINVAL);
  if (tid == 0 || tid == proc::current_thread().tid) return use(proc::current_thread());
  auto table = proc::lock_table();
  proc::Thread* thread = table->thread(tid);
  if (thread == nullptr) return Err(Errno::ESRCH);
  return use(*thread);
}

bool has_power() { return proc::current_thread().credentials->has(vfs::Capability::SysNice); }

// Whether the caller may change the thread at all: its own user's, or with the power.
bool may_change(const proc::Thread& thread) {
  const vfs::Credentials& mine = *proc::current_thread().credentials;
  return mine.euid == thread.credentials->euid || mine.euid == thread.credentials->uid || has_power();
}

// What RLIMIT_NICE lets the thread have; the limit counts from 20 down.
bool may_have_nice(const proc::Thread& thread, int nice) {
  return has_power() || static_cast<u64>(20 - nice) <= thread.process->limit_of(proc::limit::kNice);
}

bool is_realtime(Policy policy) { return policy == Policy::Fifo || policy == Policy::RoundRobin; }

Result<Policy> known_policy(int number) {
  switch (static_cast<Policy>(number)) {
    case Policy::Normal:
    case Policy::Fifo:
    case Policy::RoundRobin:
    case Policy::Batch:
    case Policy::Idle: return static_cast<Policy>(number);
  }
  return Err(Errno::EINVAL);
}

// sched(7), "Privileges and resource limits".
bool may_have(const proc::Thread& thread, const sched::Priority& wanted) {
  if (has_power()) return true;
  const sched::Priority& now = thread.priority;
  if (is_realtime(wanted.policy)) {
    const u64 limit = thread.process->limit_of(proc::limit::kRealtime);
    if (wanted.policy != now.policy && limit == 0) return false;
    return wanted.realtime <= now.realtime || wanted.realtime <= limit;
  }
  return now.policy != Policy::Idle || wanted.policy == Policy::Idle || may_have_nice(thread, now.nice);
}

Result<i64> change_policy(int pid, int policy, i32 realtime, bool reset_on_fork) {
  return with_thread(pid, [&](proc::Thread& thread) -> Result<i64> {
    sched::Priority wanted = thread.priority;
    wanted.policy = policy < 0 ? wanted.policy : TRY(known_policy(policy));
    if (is_realtime(wanted.policy) ? realtime < 1 || realtime > 99 : realtime != 0) return Err(Errno::EINVAL);
    wanted.realtime = static_cast<u8>(realtime);
    if (!may_change(thread) || !may_have(thread, wanted)) return Err(Errno::EPERM);
    // The promise can be given by anybody, and be taken back only with the power.
    if (policy >= 0) {
      if (thread.priority.reset_on_fork && !reset_on_fork && !has_power()) return Err(Errno::EPERM);
      wanted.reset_on_fork = reset_on_fork;
    }
    sched::set_priority(thread, wanted);
    return 0;
  });
}

// PRIO_PROCESS and what follows it.
enum class Whose : u32 { Thread, Group, User };

// Calls use(Thread&) for the threads that (which, who) names. EINVAL for another `which`, ESRCH if there are none.
template <class Use>
Status for_each_named(u32 which, int who, Use&& use) {
  const Whose whose = static_cast<Whose>(which);
  if (whose > Whose::User) return Err(Errno::EINVAL);
  proc::Thread& self = proc::current_thread();
  auto table = proc::lock_table();
  if (whose == Whose::Thread) {
    proc::Thread* thread = who == 0 ? &self : table->thread(who);
    if (thread == nullptr) return Err(Errno::ESRCH);
    use(*thread);
    return {};
  }
  bool found = false;
  const u32 user = who == 0 ? self.credentials->uid : static_cast<u32>(who);
  const i32 group = who == 0 ? self.process->group->id : who;
  proc::for_each_process(*table, [&](proc::Process& process) {
    if (whose == Whose::Group && (process.group == nullptr || process.group->id != group)) return;
    for (proc::Thread& thread : process.threads) {
      if (whose == Whose::User && thread.credentials->uid != user) continue;
      found = true;
      use(thread);
    }
  });
  return found ? Status() : Status(Err(Errno::ESRCH));
}

Status renice(proc::Thread& thread, i8 wanted) {
  if (!may_change(thread)) return Err(Errno::EPERM);
  if (wanted < thread.priority.nice && !may_have_nice(thread, wanted)) return Err(Errno::EACCES);
  sched::Priority priority = thread.priority;
  priority.nice = wanted;
  sched::set_priority(thread, priority);
  return {};
}

}  // namespace

Result<i64> sys_sched_yield() {
  sched::yield();
  return 0;
}

Result<i64> sys_sched_getaffinity(int pid, usize size, VirtAddr mask) {
  const usize needed = align_up((hal_cpu_count() + 7) / 8, sizeof(u64));
  if (size < needed || size % sizeof(u64) != 0) return Err(Errno::EINVAL);
  u64 words[hal::CpuMask::kWords] = {};
  TRY(with_thread(pid, [&](proc::Thread& thread) -> Result<i64> {
    for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) {
      if (thread.affinity.allows(cpu)) words[cpu / 64] |= u64{1} << (cpu % 64);
    }
    return 0;
  }));
  TRY(mm::copy_to_user(mask, words, needed));
  return static_cast<i64>(needed);
}

Result<i64> sys_sched_setaffinity(int pid, usize size, VirtAddr mask) {
  sched::Affinity affinity{{0, 0, 0, 0}};
  TRY(mm::copy_from_user(affinity.words, mask, std::min(size, sizeof(affinity.words))));
  return with_thread(pid, [&](proc::Thread& thread) -> Result<i64> {
    if (!may_change(thread)) return Err(Errno::EPERM);
    TRY(sched::set_affinity(thread, affinity));
    return 0;
  });
}

Result<i64> sys_getpriority(u32 which, int who) {
  i64 best = 0;
  // The system call answers 20 - nice, so that no result is negative.
  TRY(for_each_named(which, who, [&](proc::Thread& thread) { best = std::max<i64>(best, 20 - thread.priority.nice); }));
  return best;
}

Result<i64> sys_setpriority(u32 which, int who, int nice) {
  const i8 wanted = static_cast<i8>(std::clamp(nice, -20, 19));
  Status last;
  TRY(for_each_named(which, who, [&](proc::Thread& thread) {
    const Status done = renice(thread, wanted);
    if (!done) last = done;
  }));
  TRY(last);
  return 0;
}

Result<i64> sys_sched_setscheduler(int pid, int policy, mm::UserIn<i32> parameter) {
  if (pid < 0 || policy < 0 || !parameter) return Err(Errno::EINVAL);
  return change_policy(pid, policy & ~kResetOnFork, TRY(parameter.get()), (policy & kResetOnFork) != 0);
}

Result<i64> sys_sched_setparam(int pid, mm::UserIn<i32> parameter) {
  constexpr int kSamePolicy = -1;
  if (pid < 0 || !parameter) return Err(Errno::EINVAL);
  return change_policy(pid, kSamePolicy, TRY(parameter.get()), false);
}

Result<i64> sys_sched_getscheduler(int pid) {
  return with_thread(pid, [](proc::Thread& thread) -> Result<i64> {
    return static_cast<i64>(thread.priority.policy) | (thread.priority.reset_on_fork ? kResetOnFork : 0);
  });
}

Result<i64> sys_sched_getparam(int pid, mm::UserOut<i32> parameter) {
  if (!parameter) return Err(Errno::EINVAL);
  const i64 realtime =
      TRY(with_thread(pid, [](proc::Thread& thread) -> Result<i64> { return thread.priority.realtime; }));
  TRY(parameter.put(static_cast<i32>(realtime)));
  return 0;
}

// SCHED_DEADLINE is no policy of ours, but a number that these two know.
Result<i64> sys_sched_get_priority_max(int policy) {
  constexpr int kDeadline = 6;
  if (policy == kDeadline) return 0;
  return is_realtime(TRY(known_policy(policy))) ? 99 : 0;
}

Result<i64> sys_sched_get_priority_min(int policy) { return TRY(sys_sched_get_priority_max(policy)) != 0 ? 1 : 0; }

Result<i64> sys_sched_rr_get_interval(int pid, mm::UserOut<TimeSpec> interval) {
  const i64 ns = TRY(with_thread(pid, [](proc::Thread& thread) -> Result<i64> {
    return thread.priority.policy == Policy::Fifo ? 0 : static_cast<i64>(sched::quantum_of(thread));
  }));
  TRY(interval.put(time_spec_of(ns)));
  return 0;
}

}  // namespace syscall
