// The clock (time counter) and each hart's one-shot timer: stimecmp where the CPU has Sstc, the firmware's elsewhere.
//
// sie.STIE is set only while something is armed: a deadline that has passed keeps its interrupt pending until the next
// is set.
#include "hal/timer.hpp"

#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/cpu.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/features.hpp"
#include "arch/riscv64/sbi.hpp"
#include "arch/riscv64/tick.hpp"
#include "hal/cpu.hpp"
#include "hal/log.h"
#include "hal/upcalls.hpp"

constinit hal::ClockScale hal::clock_scale;

namespace hal::arch {
namespace {

// Counts per nanosecond, times 2^32. Written once at boot.
constinit u64 counts_per_ns = 0;

// A tick more than the quotient, so that the clock has passed the deadline when the interrupt comes.
void program(u64 deadline) {
  const u64 count = scaled_2_32(deadline, counts_per_ns);
  const u64 when = count > ~u64{0} - clock_scale.base - 1 ? ~u64{0} : clock_scale.base + count + 1;
  if (features.sstc) {
    WRITE_CSR("0x14d", when);  // stimecmp
  } else {
    sbi_set_timer(when);
  }
  SET_CSR("sie", kTimerInterrupt);
}

u64 timebase() {
  const lib::fdt::Tree tree = device_tree();
  const lib::fdt::Node cpus = tree.find("/cpus");
  if (const auto frequency = tree.number(cpus, "timebase-frequency")) return *frequency;
  u64 found = 0;
  tree.for_each_cpu([&](lib::fdt::Node cpu, u64) { found = tree.number(cpu, "timebase-frequency").value_or(found); });
  return found;
}

}  // namespace

void timer_interrupt(const TrapFrame& frame) {
  CpuLocal& local = cpu_local();
  CLEAR_CSR("sie", kTimerInterrupt);
  if (local.timer_deadline == 0) return;
  if (monotonic_ns() < local.timer_deadline) {
    program(local.timer_deadline);
    return;
  }
  local.timer_deadline = 0;
  kernel::on_tick(frame);
}

}  // namespace hal::arch

namespace hal {

void timer_arm(u64 deadline_ns) {
  arch::cpu_local().timer_deadline = deadline_ns == 0 ? 1 : deadline_ns;
  arch::program(deadline_ns);
}

void timer_disarm() {
  CLEAR_CSR("sie", arch::kTimerInterrupt);
  arch::cpu_local().timer_deadline = 0;
}

}  // namespace hal

extern "C" {

hal_status_t hal_timer_init(void) {
  using namespace hal;
  using namespace hal::arch;
  if (clock_scale.factor != 0) return HAL_OK;
  constexpr uint64_t kNanoseconds = 1'000'000'000;
  const uint64_t frequency = timebase();
  // Outside this range the factors lose their precision, and no machine is there.
  if (frequency < 1000 || frequency > 16 * kNanoseconds) return HAL_ERROR;
  counts_per_ns = ratio_2_32(frequency, kNanoseconds);
  clock_scale.factor = ratio_2_32(kNanoseconds, frequency);
  hal_log(HAL_LOG_INFO, "timer", "%lu Hz%s", frequency, features.sstc ? ", stimecmp" : "");
  return HAL_OK;
}

uint64_t hal_timer_ns(void) { return hal::monotonic_ns(); }
uint64_t hal_timer_ms(void) { return hal::monotonic_ns() / 1'000'000; }

void hal_timer_delay_us(uint64_t microseconds) {
  if (hal::clock_scale.factor == 0) {
    // No clock yet (a panic that early): some hundred turns take about a microsecond.
    for (uint64_t turns = microseconds * 256; turns != 0; --turns) hal::relax();
    return;
  }
  const uint64_t end = hal::monotonic_ns() + microseconds * 1000;
  while (hal::monotonic_ns() < end) hal::relax();
}

}  // extern "C"
