// Times as programs pass them.
#pragma once

#include "kernel/syscall/abi.hpp"

namespace syscall {

enum class Clock : u8 { Realtime = 0, Monotonic = 1 };

// Nanoseconds of a valid time. EINVAL.
Result<u64> nanoseconds_of(const TimeSpec& time);
Result<u64> nanoseconds_of(const TimeVal& time);
TimeSpec time_spec_of(i64 ns);

// The monotonic deadline for a relative or absolute time; none for a null pointer. EINVAL, EFAULT.
Result<u64> deadline_after(mm::UserIn<TimeSpec> time);
Result<u64> deadline_at(mm::UserIn<TimeSpec> time, Clock clock);
u64 deadline_after_ns(u64 ns);

}  // namespace syscall
