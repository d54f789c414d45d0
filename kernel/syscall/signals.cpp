// Signals.

#include "gen/syscall_decl.hpp"
#include "hal/timer.hpp"
#include "kernel/proc/send_signal.hpp"
#include "kernel/syscall/signal_mask.hpp"
#include "kernel/syscall/time_argument.hpp"

namespace syscall {
namespace {

using namespace proc;
constexpr usize kSetSize = sizeof(u64);

bool is_valid(int signal) { return signal >= 1 && signal <= signal_number::kLast; }

Thread& self() { return current_thread(); }

SignalAction action_from_user(const UserSigaction& user) {
  SignalAction action;
  action.handler = user.words[0];
  action.flags = user.words[1];
  if constexpr (hal::UserAbi::kSigactionHasRestorer) {
    action.restorer = user.words[2];
    action.mask = {user.words[3]};
  } else {
    action.mask = {user.words[2]};
  }
  action.mask = action.mask & ~kUnblockable;
  return action;
}

UserSigaction action_to_user(const SignalAction& action) {
  UserSigaction user{};
  user.words[0] = action.handler;
  user.words[1] = action.flags;
  if constexpr (hal::UserAbi::kSigactionHasRestorer) {
    user.words[2] = action.restorer;
    user.words[3] = action.mask.bits;
  } else {
    user.words[2] = action.mask.bits;
  }
  return user;
}
constexpr usize kActionSize = hal::UserAbi::kSigactionHasRestorer ? 32 : 24;

// A thread of the process `group`, of any where that is 0. Signal 0 only asks whether it might be sent one.
Result<i64> signal_thread(int group, int tid, const SignalInfo& info) {
  const int signal = info.signal;
  if (tid <= 0 || signal < 0 || signal > signal_number::kLast) return Err(Errno::EINVAL);
  lib::Ref<Process> process;
  Thread* thread = nullptr;
  {
    auto table = lock_table();
    thread = table->thread(tid);
    if (thread == nullptr || (group > 0 && thread->process->pid != group)) return Err(Errno::ESRCH);
    process = lib::Ref<Process>(thread->process);
  }
  TRY(check_may_signal(*process, signal));
  if (signal == 0) return 0;
  TRY(send_to_thread_by_number(tid, info));
  return 0;
}

// kill() to more than one: calls are counted, so that EPERM is answered only if nobody could be reached.
template <class Wanted>
Result<i64> signal_many(int signal, Wanted&& wanted) {
  lib::Vector<lib::Ref<Process>> targets;
  {
    auto table = lock_table();
    Status noted;
    for_each_process(*table, [&](Process& process) {
      if (noted && wanted(process)) noted = targets.push(lib::Ref<Process>(process));
    });
    TRY(std::move(noted));
  }
  if (targets.empty()) return Err(Errno::ESRCH);
  Status last = Err(Errno::EPERM);
  bool any = false;
  for (auto& target : targets) {
    Status allowed = check_may_signal(*target, signal);
    if (allowed && signal != 0) allowed = send_to_process(*target, user_signal(signal, signal_code::kUser));
    any |= allowed.has_value();
    if (!allowed) last = allowed;
  }
  if (!any) return Err(last.error());
  return 0;
}

}  // namespace

Status set_blocked(SignalSet set) {
  {
    auto handlers = self().handlers->state.lock();
    self().blocked = set & ~kUnblockable;
  }
  recompute_pending();
  return {};
}

void set_awaited(SignalSet set) {
  auto handlers = self().handlers->state.lock();
  self().awaited = set;
}

Status set_temporary_mask(mm::UserIn<u64> mask, usize size) {
  if (!mask) return {};
  if (size != kSetSize) return Err(Errno::EINVAL);
  const SignalSet wanted{TRY(mask.get())};
  self().saved_mask = self().blocked;
  self().work.fetch_or(static_cast<u32>(hal::ThreadWork::RestoreMask), std::memory_order_relaxed);
  return set_blocked(wanted);
}

void restore_temporary_mask() {
  constexpr u32 restore = static_cast<u32>(hal::ThreadWork::RestoreMask);
  if ((self().work.fetch_and(~restore, std::memory_order_relaxed) & restore) != 0) {
    static_cast<void>(set_blocked(self().saved_mask));
  }
}

Result<i64> sys_rt_sigaction(int signal, mm::UserIn<UserSigaction> action, mm::UserOut<UserSigaction> old, usize size) {
  if (size != kSetSize || !is_valid(signal)) return Err(Errno::EINVAL);
  if (action && kUnblockable.has(signal)) return Err(Errno::EINVAL);
  UserSigaction given{};
  if (action) TRY(mm::copy_from_user(&given, action.address(), kActionSize));
  SignalAction before;
  {
    auto table = lock_table();
    auto handlers = self().handlers->state.lock();
    before = handlers->of(signal);
    if (action) {
      handlers->of(signal) = action_from_user(given);
      const VirtAddr handler = given.words[0];
      const bool ignores =
          handler == kIgnoreHandler || (handler == kDefaultHandler && default_action(signal) == DefaultAction::Ignore);
      if (ignores) {
        // What waits is dropped, blocked or not.
        self().process->signals.discard(SignalSet::of(signal));
        for (Thread& thread : self().process->threads) thread.signals.discard(SignalSet::of(signal));
      }
    }
  }
  if (old) {
    const UserSigaction answer = action_to_user(before);
    TRY(mm::copy_to_user(old.address(), &answer, kActionSize));
  }
  return 0;
}

Result<i64> sys_rt_sigprocmask(int how, mm::UserIn<u64> set, mm::UserOut<u64> old, usize size) {
  constexpr int kBlock = 0, kUnblock = 1, kSetmask = 2;
  if (size != kSetSize) return Err(Errno::EINVAL);
  const SignalSet before = self().blocked;
  if (set) {
    const SignalSet given{TRY(set.get())};
    switch (how) {
      case kBlock: TRY(set_blocked(before | given)); break;
      case kUnblock: TRY(set_blocked(before & ~given)); break;
      case kSetmask: TRY(set_blocked(given)); break;
      default: return Err(Errno::EINVAL);
    }
  }
  if (old) TRY(old.put(before.bits));
  return 0;
}

Result<i64> sys_rt_sigreturn() {
  hal::TrapFrame& frame = *hal::user_frame(self().kernel_stack_top);
  const auto popped = hal::pop_signal_frame(frame, self().context);
  if (!popped) {
    force_signal(kernel_signal(signal_number::kSegv));
    return 0;
  }
  self().alternate_stack = {popped->alternate_base, popped->alternate_size, popped->alternate_flags & ~1u};
  TRY(set_blocked({popped->mask}));
  return frame.result();
}

Result<i64> sys_rt_sigpending(mm::UserOut<u64> set, usize size) {
  if (size != kSetSize) return Err(Errno::EINVAL);
  u64 pending = 0;
  {
    auto handlers = self().handlers->state.lock();
    pending = ((self().signals.pending() | self().process->signals.pending()) & self().blocked).bits;
  }
  TRY(set.put(pending));
  return 0;
}

Result<i64> sys_rt_sigsuspend(mm::UserIn<u64> set, usize size) {
  TRY(set_temporary_mask(set, size));
  sync::WaitQueue nobody;
  static_cast<void>(nobody.wait([] { return false; }, sync::WaitMode::Interruptible));
  return Err(Errno::ERESTARTNOHAND);
}

Result<i64> sys_pause() {
  sync::WaitQueue nobody;
  static_cast<void>(nobody.wait([] { return false; }, sync::WaitMode::Interruptible));
  return Err(Errno::ERESTARTNOHAND);
}

Result<i64> sys_rt_sigtimedwait(mm::UserIn<u64> set, VirtAddr info, mm::UserIn<TimeSpec> timeout, usize size) {
  if (size != kSetSize) return Err(Errno::EINVAL);
  const SignalSet wanted = SignalSet{TRY(set.get())} & ~kUnblockable;
  const u64 deadline = TRY(deadline_after(timeout));
  int signal = 0;
  QueuedSignal* entry = nullptr;
  const auto take = [&] {
    auto handlers = self().handlers->state.lock();
    signal = self().signals.take(wanted, &entry);
    if (signal == 0) signal = self().process->signals.take(wanted, &entry);
    return signal != 0;
  };
  Status waited;
  if (!take()) {
    set_awaited(wanted);
    sync::WaitQueue nobody;
    waited = nobody.wait(take, sync::WaitMode::Interruptible, deadline);
    if (!waited && signal == 0) take();
    set_awaited({});
    recompute_pending();
  }
  if (signal == 0) {
    if (waited.error() == Errno::ETIMEDOUT) return Err(Errno::EAGAIN);
    return Err(Errno::EINTR);
  }
  SignalInfo details;
  details.signal = signal;
  if (entry != nullptr) details = entry->info;
  lib::destroy(entry);
  recompute_pending();
  if (info != 0) TRY(mm::copy_to_user(info, &details, sizeof(details)));
  return signal;
}

namespace {

// What a program says about the signal that it queues for the process `pid`. Only the kernel speaks with some codes; a
// program may pretend only towards itself: EPERM.
Result<SignalInfo> queued_info(int pid, int signal, VirtAddr info) {
  if (!is_valid(signal)) return Err(Errno::EINVAL);
  SignalInfo details;
  TRY(mm::copy_from_user(&details, info, sizeof(details)));
  details.signal = signal;
  const bool is_the_kernels = details.code >= 0 || details.code == signal_code::kTkill;
  if (is_the_kernels && pid != self().process->pid) return Err(Errno::EPERM);
  return details;
}

}  // namespace

Result<i64> sys_rt_tgsigqueueinfo(int pid, int tid, int signal, VirtAddr info) {
  if (pid <= 0 || tid <= 0) return Err(Errno::EINVAL);
  return signal_thread(pid, tid, TRY(queued_info(pid, signal, info)));
}

Result<i64> sys_rt_sigqueueinfo(int pid, int signal, VirtAddr info) {
  const SignalInfo details = TRY(queued_info(pid, signal, info));
  lib::Ref<Process> target = find_process(pid);
  if (!target) return Err(Errno::ESRCH);
  TRY(check_may_signal(*target, signal));
  TRY(send_to_process(*target, details));
  return 0;
}

Result<i64> sys_sigaltstack(mm::UserIn<UserStack> stack, mm::UserOut<UserStack> old) {
  constexpr u32 kOnStack = 1, kDisable = 2, kAutodisarm = u32{1} << 31;
  constexpr u64 kMinimum = 2048;
  const AlternateStack before = self().alternate_stack;
  const VirtAddr sp = hal::user_frame(self().kernel_stack_top)->stack_pointer();
  const bool in_use = before.size != 0 && sp - before.base - 1 < before.size;
  if (stack) {
    const UserStack given = TRY(stack.get());
    if (in_use) return Err(Errno::EPERM);
    if ((given.flags & ~(kOnStack | kDisable | kAutodisarm)) != 0) return Err(Errno::EINVAL);
    if ((given.flags & kDisable) != 0) {
      self().alternate_stack = AlternateStack();
    } else {
      if (given.size < kMinimum) return Err(Errno::ENOMEM);
      self().alternate_stack = {given.base, given.size, given.flags & kAutodisarm};
    }
  }
  if (old) {
    UserStack answer{};
    answer.base = before.base;
    answer.size = before.size;
    answer.flags = before.size == 0 ? kDisable : (in_use ? kOnStack : before.flags);
    TRY(old.put(answer));
  }
  return 0;
}

Result<i64> sys_kill(int pid, int signal) {
  if (signal < 0 || signal > signal_number::kLast) return Err(Errno::EINVAL);
  if (pid > 0) {
    lib::Ref<Process> target = find_process(pid);
    if (!target) {
      // Linux takes a thread's number as well.
      auto table = lock_table();
      Thread* thread = table->thread(pid);
      if (thread == nullptr) return Err(Errno::ESRCH);
      target = lib::Ref<Process>(thread->process);
    }
    TRY(check_may_signal(*target, signal));
    if (signal != 0) TRY(send_to_process(*target, user_signal(signal, signal_code::kUser)));
    return 0;
  }
  const Process* caller = self().process;
  if (pid == -1) return signal_many(signal, [&](Process& p) { return p.pid > 1 && &p != caller; });
  if (pid == INT32_MIN) return Err(Errno::ESRCH);
  const i32 group = pid == 0 ? caller->group->id : -pid;
  return signal_many(signal, [&](Process& p) { return p.group && p.group->id == group; });
}

Result<i64> sys_tkill(int tid, int signal) { return signal_thread(0, tid, user_signal(signal, signal_code::kTkill)); }
Result<i64> sys_tgkill(int pid, int tid, int signal) {
  if (pid <= 0) return Err(Errno::EINVAL);
  return signal_thread(pid, tid, user_signal(signal, signal_code::kTkill));
}

namespace {

// ITIMER_REAL: SIGALRM to the process.
struct RealTimer : ktime::Timer {
  explicit RealTimer(Process& process) : Timer(fire), process(process) {}
  static void fire(Timer& timer) {
    auto& real = static_cast<RealTimer&>(timer);
    static_cast<void>(send_to_process(real.process, kernel_signal(signal_number::kAlarm)));
    if (real.interval_ns != 0) real.arm(real.deadline_ns() + real.interval_ns);
    real.is_armed = real.interval_ns != 0;
  }
  Process& process;
  u64 interval_ns = 0;
  std::atomic<bool> is_armed = false;
};

Result<RealTimer*> real_timer() {
  Process& process = *self().process;
  if (process.real_timer == nullptr) {
    RealTimer* fresh = lib::try_new<RealTimer>(process);
    if (fresh == nullptr) return Err(Errno::ENOMEM);
    process.real_timer = fresh;
  }
  return static_cast<RealTimer*>(process.real_timer);
}

TimeVal time_val_of(u64 ns) { return {static_cast<i64>(ns / 1'000'000'000), static_cast<i64>(ns / 1000 % 1'000'000)}; }

IntervalTimer read_timer(const RealTimer& timer) {
  const u64 now = hal::monotonic_ns();
  const u64 left = timer.is_armed && timer.deadline_ns() > now ? timer.deadline_ns() - now : 0;
  return {time_val_of(timer.interval_ns), time_val_of(left)};
}

}  // namespace

Result<i64> sys_setitimer(u32 which, mm::UserIn<IntervalTimer> value, mm::UserOut<IntervalTimer> old) {
  if (which != 0) return Err(Errno::EINVAL);  // ITIMER_VIRTUAL and ITIMER_PROF: docs/caveats.md
  IntervalTimer given{};
  if (value) given = TRY(value.get());
  const u64 first = TRY(nanoseconds_of(given.value));
  const u64 interval = TRY(nanoseconds_of(given.interval));
  RealTimer& timer = *TRY(real_timer());
  timer.cancel();
  const IntervalTimer before = read_timer(timer);
  timer.interval_ns = interval;
  timer.is_armed = first != 0;
  if (first != 0) timer.arm(deadline_after_ns(first));
  if (old) TRY(old.put(before));
  return 0;
}

Result<i64> sys_getitimer(u32 which, mm::UserOut<IntervalTimer> value) {
  if (which != 0) return Err(Errno::EINVAL);
  TRY(value.put(read_timer(*TRY(real_timer()))));
  return 0;
}

Result<i64> sys_alarm(u32 seconds) {
  RealTimer& timer = *TRY(real_timer());
  timer.cancel();
  const IntervalTimer before = read_timer(timer);
  timer.interval_ns = 0;
  timer.is_armed = seconds != 0;
  if (seconds != 0) timer.arm(deadline_after_ns(u64{seconds} * 1'000'000'000));
  return before.value.seconds +
         (before.value.microseconds >= 500000 || (before.value.seconds == 0 && before.value.microseconds != 0) ? 1 : 0);
}

}  // namespace syscall
