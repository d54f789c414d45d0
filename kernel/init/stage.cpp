#include "kernel/init/stage.hpp"

#include "hal/timer.hpp"
#include "kernel/diag/log.hpp"

namespace kernel {

void stage_done(const char* text) {
  static u64 previous_ns = 0;
  const u64 now = hal::monotonic_ns();
  const u64 took_us = (now - previous_ns) / 1000;
  previous_ns = now;
  LOG_NOTICE("boot", "%s (%lu.%03lu ms, %lu ms since start)", text, took_us / 1000, took_us % 1000, now / 1'000'000);
}

}  // namespace kernel
