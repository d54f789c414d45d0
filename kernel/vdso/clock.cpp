// The calls about time that programs make inside the vDSO, as their libraries know them (Linux vdso(7)).
//
// This code runs in user mode, in every program, at any address: no state but the clock page, no code but its own. What
// the page cannot answer is a system call.
#include "hal/clock.hpp"
#include "gen/syscall_numbers.hpp"
#include "hal/vdso.hpp"
#include "kernel/time/clock_page.hpp"

namespace {

constexpr u64 kSecond = 1'000'000'000;

// As Linux numbers them. Those that are missing here count the time of processes.
enum Clock : int {
  kRealtime = 0,
  kMonotonic = 1,
  kMonotonicRaw = 4,
  kRealtimeCoarse = 5,
  kMonotonicCoarse = 6,
  kBoottime = 7,
  kTai = 11,
};

struct TimeSpec {
  i64 seconds, nanoseconds;
};
struct TimeVal {
  i64 seconds, microseconds;
};

// The linker script puts it behind the code, and the kernel's page there.
[[gnu::section(".bss.clock_page")]] constinit ktime::ClockPage clock_page;

u64 monotonic_ns() { return clock_page.scale.nanoseconds_at(hal::read_counter()); }
u64 wall_clock_ns() {
  return monotonic_ns() + static_cast<u64>(clock_page.wall_offset_ns.load(std::memory_order_relaxed));
}

int call(SystemCall number, u64 first, void* second) {
  return static_cast<int>(hal::vdso_system_call(static_cast<u64>(number), first, reinterpret_cast<u64>(second)));
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] int vdso_clock_gettime(int clock, TimeSpec* time) asm(VDSO_NAME("clock_gettime"));
[[gnu::visibility("default")]] int vdso_clock_getres(int clock, TimeSpec* resolution) asm(VDSO_NAME("clock_getres"));
[[gnu::visibility("default")]] int vdso_gettimeofday(TimeVal* time, void* zone) asm(VDSO_NAME("gettimeofday"));
[[gnu::visibility("default")]] i64 vdso_time(i64* seconds) asm(VDSO_NAME("time"));

int vdso_clock_gettime(int clock, TimeSpec* time) {
  u64 now = 0;
  switch (clock) {
    case kMonotonic:
    case kMonotonicRaw:
    case kMonotonicCoarse:
    case kBoottime: now = monotonic_ns(); break;
    case kRealtime:
    case kRealtimeCoarse:
    case kTai: now = wall_clock_ns(); break;
    default: return call(SystemCall::clock_gettime, static_cast<u64>(clock), time);
  }
  *time = {static_cast<i64>(now / kSecond), static_cast<i64>(now % kSecond)};
  return 0;
}

int vdso_clock_getres(int clock, TimeSpec* resolution) {
  return call(SystemCall::clock_getres, static_cast<u64>(clock), resolution);
}

int vdso_gettimeofday(TimeVal* time, void* zone) {
  if (zone != nullptr) return call(SystemCall::gettimeofday, reinterpret_cast<u64>(time), zone);
  if (time == nullptr) return 0;
  const u64 now = wall_clock_ns();
  *time = {static_cast<i64>(now / kSecond), static_cast<i64>(now % kSecond / 1000)};
  return 0;
}

i64 vdso_time(i64* seconds) {
  const i64 now = static_cast<i64>(wall_clock_ns() / kSecond);
  if (seconds != nullptr) *seconds = now;
  return now;
}

}  // extern "C"
