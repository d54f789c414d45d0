#include "kernel/time/load_average.hpp"

#include <atomic>

#include "hal/timer.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/sched/cpus.hpp"
#include "kernel/time/timer.hpp"

namespace ktime {
namespace {

// Written by the timer alone.
std::atomic<u64> g_loads[kLoadDecay.size()];

void count(Timer& timer) {
  const u64 runnable = sched::runnable_threads();
  for (usize i = 0; i < kLoadDecay.size(); ++i) {
    const u64 load = g_loads[i].load(std::memory_order_relaxed);
    g_loads[i].store(next_load(load, kLoadDecay[i], runnable), std::memory_order_relaxed);
  }
  timer.arm(timer.deadline_ns() + kLoadPeriodNs);
}
Timer g_timer(count);

class LoadAverageSubsystem final : public kernel::Subsystem {
 public:
  const char* name() const override { return "load-average"; }
  void on_late_init(kernel::Kernel&) override { g_timer.arm(hal::monotonic_ns() + kLoadPeriodNs); }
};
REGISTER_SUBSYSTEM(LoadAverageSubsystem);

}  // namespace

std::array<u64, 3> load_averages() {
  std::array<u64, 3> loads;
  for (usize i = 0; i < loads.size(); ++i) loads[i] = g_loads[i].load(std::memory_order_relaxed);
  return loads;
}

}  // namespace ktime
