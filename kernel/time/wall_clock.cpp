#include "kernel/time/wall_clock.hpp"

#include <atomic>

#include "hal/timer.hpp"
#include "kernel/time/clock_page.hpp"

namespace ktime {
namespace {

// Until programs have a page to read it from, the kernel's own.
ClockPage g_unpublished;
ClockPage* g_page = &g_unpublished;

}  // namespace

void init_wall_clock() {
  const i64 now = static_cast<i64>(hal::wall_clock_seconds()) * 1'000'000'000;
  if (now != 0) set_wall_clock_ns(now);
}

i64 wall_clock_ns() {
  return static_cast<i64>(hal::monotonic_ns()) + g_page->wall_offset_ns.load(std::memory_order_relaxed);
}

void set_wall_clock_ns(i64 ns) {
  g_page->wall_offset_ns.store(ns - static_cast<i64>(hal::monotonic_ns()), std::memory_order_relaxed);
}

void publish_clock(ClockPage& page) {
  page.scale = hal::clock_scale;
  page.wall_offset_ns.store(g_page->wall_offset_ns.load(std::memory_order_relaxed), std::memory_order_relaxed);
  g_page = &page;
}

}  // namespace ktime
