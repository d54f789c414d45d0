// Files that stand for events: eventfd and timerfd.

#include "gen/syscall_decl.hpp"
#include "kernel/ipc/eventfd.hpp"
#include "kernel/ipc/timerfd.hpp"
#include "kernel/syscall/descriptor.hpp"
#include "kernel/syscall/path_argument.hpp"
#include "kernel/syscall/time_argument.hpp"

namespace syscall {
namespace {

TimerSpec spec_of(const ipc::TimerSetting& setting) {
  return {time_spec_of(static_cast<i64>(setting.interval_ns)), time_spec_of(static_cast<i64>(setting.first_ns))};
}

}  // namespace

Result<i64> sys_eventfd2(u32 initial, u32 flags) {
  auto file = TRY(ipc::make_eventfd(initial, (flags & kEventSemaphore) != 0, flags & kONonblock));
  return TRY(install_file(std::move(file), (flags & kOCloexec) != 0));
}
Result<i64> sys_eventfd(u32 initial) { return sys_eventfd2(initial, 0); }

Result<i64> sys_timerfd_create(int clock, u32 flags) {
  constexpr int kRealtime = 0, kMonotonic = 1, kBoottime = 7, kRealtimeAlarm = 8, kBoottimeAlarm = 9;
  const bool wall_clock = clock == kRealtime || clock == kRealtimeAlarm;
  const bool is_known = wall_clock || clock == kMonotonic || clock == kBoottime || clock == kBoottimeAlarm;
  if (!is_known) return Err(Errno::EINVAL);
  return TRY(install_file(TRY(ipc::make_timerfd(wall_clock, flags & kONonblock)), (flags & kOCloexec) != 0));
}

Result<i64> sys_timerfd_settime(int fd, u32 flags, mm::UserIn<TimerSpec> fresh, mm::UserOut<TimerSpec> old) {
  const TimerSpec wanted = TRY(fresh.get());
  const ipc::TimerSetting setting = {TRY(nanoseconds_of(wanted.value)), TRY(nanoseconds_of(wanted.interval))};
  auto file = TRY(file_of(fd));
  const ipc::TimerSetting before = TRY(ipc::set_timerfd(*file, setting, (flags & kTimerAbsolute) != 0));
  if (old) TRY(old.put(spec_of(before)));
  return 0;
}

Result<i64> sys_timerfd_gettime(int fd, mm::UserOut<TimerSpec> value) {
  auto file = TRY(file_of(fd));
  TRY(value.put(spec_of(TRY(ipc::get_timerfd(*file)))));
  return 0;
}

}  // namespace syscall
