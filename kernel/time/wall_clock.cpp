#include "kernel/time/wall_clock.hpp"

#include <atomic>

#include "hal/timer.hpp"

namespace ktime {
namespace {

std::atomic<i64> g_offset_ns = 0;

}  // namespace

void init_wall_clock() {
  const i64 now = static_cast<i64>(hal::wall_clock_seconds()) * 1'000'000'000;
  if (now != 0) set_wall_clock_ns(now);
}

i64 wall_clock_ns() { return static_cast<i64>(hal::monotonic_ns()) + g_offset_ns.load(std::memory_order_relaxed); }

void set_wall_clock_ns(i64 ns) {
  g_offset_ns.store(ns - static_cast<i64>(hal::monotonic_ns()), std::memory_order_relaxed);
}

}  // namespace ktime
