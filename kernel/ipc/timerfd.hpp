// timerfd: a timer that can be read and waited for.
//
// read() gives how often it expired since the last read, and waits while that is 0. Absolute times of the wall clock
// are turned into monotonic ones when the timer is set: a clock that is set afterwards does not move it.
#pragma once

#include "fs/vfs/file.hpp"

namespace ipc {

// A timer's setting: nanoseconds to the first expiry (0: disarmed) and between further ones (0: only once).
struct TimerSetting {
  u64 first_ns = 0;
  u64 interval_ns = 0;
};

// `wall_clock`: absolute times are of CLOCK_REALTIME. ENOMEM.
Result<lib::Ref<vfs::File>> make_timerfd(bool wall_clock, u32 flags);
// `absolute`: `first_ns` is a point in time of the timer's clock. The setting before. EINVAL: not a timer file.
Result<TimerSetting> set_timerfd(vfs::File& file, const TimerSetting& setting, bool absolute);
Result<TimerSetting> get_timerfd(vfs::File& file);

}  // namespace ipc
