// Clocks and sleeping.

#include "gen/syscall_decl.hpp"
#include "hal/timer.hpp"
#include "kernel/proc/exit.hpp"
#include "kernel/proc/process.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/syscall/time_argument.hpp"
#include "kernel/time/wall_clock.hpp"

namespace syscall {
namespace {

constexpr i64 kSecond = 1'000'000'000;

enum class ClockId : int {
  Realtime = 0,
  Monotonic = 1,
  ProcessTime = 2,
  ThreadTime = 3,
  MonotonicRaw = 4,
  RealtimeCoarse = 5,
  MonotonicCoarse = 6,
  Boottime = 7,
  RealtimeAlarm = 8,
  BoottimeAlarm = 9,
  Tai = 11,
};

Result<i64> read_clock(int clock) {
  switch (static_cast<ClockId>(clock)) {
    case ClockId::Realtime:
    case ClockId::RealtimeCoarse:
    case ClockId::RealtimeAlarm:
    case ClockId::Tai: return ktime::wall_clock_ns();
    case ClockId::Monotonic:
    case ClockId::MonotonicRaw:
    case ClockId::MonotonicCoarse:
    case ClockId::Boottime:
    case ClockId::BoottimeAlarm: return static_cast<i64>(hal::monotonic_ns());
    case ClockId::ProcessTime: {
      const proc::ResourceUse use = proc::use_of(proc::current_process());
      return static_cast<i64>(use.user_ns + use.system_ns);
    }
    case ClockId::ThreadTime: return static_cast<i64>(sched::run_time_of(sched::current()));
  }
  return Err(Errno::EINVAL);
}

// Sleeps until `deadline`. After a signal `left` gets what remains.
Status sleep_until(u64 deadline, mm::UserOut<TimeSpec> left) {
  sync::WaitQueue nobody;
  const Status slept = nobody.wait([] { return false; }, sync::WaitMode::Interruptible, deadline);
  if (slept.error() == Errno::ETIMEDOUT) return {};
  if (left) {
    const u64 now = hal::monotonic_ns();
    TRY(left.put(time_spec_of(static_cast<i64>(deadline > now ? deadline - now : 0))));
  }
  return slept;
}

// A relative sleep that a signal without handler interrupted goes on to the same deadline.
Result<i64> continue_sleep(proc::RestartBlock& block) {
  const Status slept = sleep_until(block.values[0], mm::UserOut<TimeSpec>(block.values[1]));
  if (slept) return 0;
  return Err(slept.error() == Errno::ERESTARTSYS ? Errno::ERESTART_RESTARTBLOCK : slept.error());
}

Result<i64> sleep_relative(mm::UserIn<TimeSpec> wanted, mm::UserOut<TimeSpec> left) {
  const u64 ns = TRY(nanoseconds_of(TRY(wanted.get())));
  proc::RestartBlock& block = proc::current_thread().restart_block;
  block.function = continue_sleep;
  block.values[0] = deadline_after_ns(ns);
  block.values[1] = left.address();
  return continue_sleep(block);
}

}  // namespace

Result<u64> nanoseconds_of(const TimeSpec& time) {
  if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= kSecond) return Err(Errno::EINVAL);
  if (time.seconds > INT64_MAX / kSecond - 1) return static_cast<u64>(INT64_MAX);
  return static_cast<u64>(time.seconds * kSecond + time.nanoseconds);
}

Result<u64> nanoseconds_of(const TimeVal& time) {
  if (time.microseconds < 0 || time.microseconds >= 1'000'000) return Err(Errno::EINVAL);
  return nanoseconds_of(TimeSpec{time.seconds, time.microseconds * 1000});
}

TimeSpec time_spec_of(i64 ns) { return {ns / kSecond, ns % kSecond}; }

u64 deadline_after_ns(u64 ns) {
  const u64 now = hal::monotonic_ns();
  return ns > static_cast<u64>(INT64_MAX) - now ? static_cast<u64>(INT64_MAX) : now + ns;
}

Result<u64> deadline_after(mm::UserIn<TimeSpec> time) {
  if (!time) return sync::kNoDeadline;
  return deadline_after_ns(TRY(nanoseconds_of(TRY(time.get()))));
}

Result<u64> deadline_at(mm::UserIn<TimeSpec> time, Clock clock) {
  if (!time) return sync::kNoDeadline;
  const u64 at = TRY(nanoseconds_of(TRY(time.get())));
  if (clock == Clock::Monotonic) return at;
  const i64 ahead = static_cast<i64>(at) - ktime::wall_clock_ns();
  return ahead <= 0 ? hal::monotonic_ns() : deadline_after_ns(static_cast<u64>(ahead));
}

Result<i64> sys_clock_gettime(int clock, mm::UserOut<TimeSpec> time) {
  TRY(time.put(time_spec_of(TRY(read_clock(clock)))));
  return 0;
}

Result<i64> sys_clock_getres(int clock, mm::UserOut<TimeSpec> resolution) {
  TRY(read_clock(clock));
  if (resolution) TRY(resolution.put({0, 1}));
  return 0;
}

Result<i64> sys_clock_settime(int clock, mm::UserIn<TimeSpec> time) {
  if (static_cast<ClockId>(clock) != ClockId::Realtime) return Err(Errno::EINVAL);
  if (!proc::current_thread().credentials->has(vfs::Capability::SysTime)) return Err(Errno::EPERM);
  ktime::set_wall_clock_ns(static_cast<i64>(TRY(nanoseconds_of(TRY(time.get())))));
  return 0;
}

Result<i64> sys_clock_nanosleep(int clock, u32 flags, mm::UserIn<TimeSpec> wanted, mm::UserOut<TimeSpec> left) {
  constexpr u32 kAbsolute = 1;
  const auto id = static_cast<ClockId>(clock);
  if (id == ClockId::ThreadTime) return Err(Errno::EINVAL);
  TRY(read_clock(clock));
  if ((flags & kAbsolute) == 0) return sleep_relative(wanted, left);
  const bool wall = id == ClockId::Realtime || id == ClockId::Tai;
  const u64 deadline = TRY(deadline_at(wanted, wall ? Clock::Realtime : Clock::Monotonic));
  const Status slept = sleep_until(deadline, {});
  if (!slept) return Err(slept.error() == Errno::ERESTARTSYS ? Errno::ERESTARTNOHAND : slept.error());
  return 0;
}

Result<i64> sys_nanosleep(mm::UserIn<TimeSpec> wanted, mm::UserOut<TimeSpec> left) {
  return sleep_relative(wanted, left);
}

Result<i64> sys_restart_syscall() {
  proc::RestartBlock& block = proc::current_thread().restart_block;
  if (block.function == nullptr) return Err(Errno::EINTR);
  return block.function(block);
}

Result<i64> sys_gettimeofday(mm::UserOut<TimeVal> time, VirtAddr zone) {
  const i64 now = ktime::wall_clock_ns();
  if (time) TRY(time.put({now / kSecond, now % kSecond / 1000}));
  if (zone != 0) TRY(mm::UserOut<u64>(zone).put(0));
  return 0;
}

Result<i64> sys_settimeofday(mm::UserIn<TimeVal> time, VirtAddr) {
  if (!proc::current_thread().credentials->has(vfs::Capability::SysTime)) return Err(Errno::EPERM);
  if (time) ktime::set_wall_clock_ns(static_cast<i64>(TRY(nanoseconds_of(TRY(time.get())))));
  return 0;
}

Result<i64> sys_time(mm::UserOut<i64> out) {
  const i64 now = ktime::wall_clock_ns() / kSecond;
  if (out) TRY(out.put(now));
  return now;
}

}  // namespace syscall
