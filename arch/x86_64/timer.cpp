// The clock (time-stamp counter) and each CPU's one-shot timer (local APIC, by TSC deadline where there is one).
#include "hal/timer.hpp"

#include "arch/x86_64/calibrate.hpp"
#include "arch/x86_64/features.hpp"
#include "arch/x86_64/gdt.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch/x86_64/lapic.hpp"
#include "arch/x86_64/tick.hpp"
#include "hal/cpu.hpp"
#include "hal/log.h"
#include "hal/upcalls.hpp"

constinit hal::ClockScale hal::clock_scale;

namespace hal::arch {
namespace {

// Counts per nanosecond, times 2^32. Written once at boot.
constinit u64 tsc_per_ns = 0;
constinit u64 lapic_per_ns = 0;

// Sets the hardware for local.timer_deadline.
void program(u64 deadline, u64 now) {
  const u64 wait = deadline > now ? deadline - now : 0;
  if (features.tsc_deadline) {
    write_msr(Msr::TscDeadline, read_tsc() + scaled_2_32(wait, tsc_per_ns));
    return;
  }
  // A count of 0 stops the timer; what does not fit in 32 bits is waited for in turns.
  const u64 count = scaled_2_32(wait, lapic_per_ns);
  lapic_timer_set(count < 0xffff'ffff ? static_cast<u32>(count) + 1 : 0xffff'ffff);
}

}  // namespace

void timer_interrupt(const TrapFrame& frame) {
  CpuLocal& local = cpu_local();
  if (local.timer_deadline == 0) return;
  const u64 now = monotonic_ns();
  if (now < local.timer_deadline) {
    program(local.timer_deadline, now);
    return;
  }
  local.timer_deadline = 0;
  kernel::on_tick(frame);
}

}  // namespace hal::arch

namespace hal {

void timer_arm(u64 deadline_ns) {
  arch::cpu_local().timer_deadline = deadline_ns == 0 ? 1 : deadline_ns;
  arch::program(deadline_ns, monotonic_ns());
}

void timer_disarm() {
  arch::cpu_local().timer_deadline = 0;
  if (arch::features.tsc_deadline) {
    arch::write_msr(arch::Msr::TscDeadline, 0);
  } else {
    arch::lapic_timer_set(0);
  }
}

}  // namespace hal

extern "C" {

hal_status_t hal_timer_init(void) {
  using namespace hal;
  using namespace hal::arch;
  if (!lapic_ready()) return HAL_NOT_SUPPORTED;
  if (clock_scale.factor == 0) {
    const Rates rates = measure_rates();
    if (rates.elapsed_ns == 0 || rates.tsc == 0 || rates.lapic == 0) return HAL_ERROR;
    tsc_per_ns = ratio_2_32(rates.tsc, rates.elapsed_ns);
    lapic_per_ns = ratio_2_32(rates.lapic, rates.elapsed_ns);
    clock_scale.factor = ratio_2_32(rates.elapsed_ns, rates.tsc);
    hal_log(HAL_LOG_INFO, "timer", "TSC %lu kHz, APIC timer %lu kHz%s", rates.tsc * 1'000'000 / rates.elapsed_ns,
            rates.lapic * 1'000'000 / rates.elapsed_ns, features.tsc_deadline ? ", TSC deadline" : "");
  }
  lapic_timer_one_shot_mode(features.tsc_deadline);
  return HAL_OK;
}

uint64_t hal_timer_ns(void) { return hal::monotonic_ns(); }
uint64_t hal_timer_ms(void) { return hal::monotonic_ns() / 1'000'000; }

void hal_timer_delay_us(uint64_t microseconds) {
  if (hal::clock_scale.factor == 0) {
    // No clock yet (a panic that early): a read of an unused port takes about 1 us on every PC.
    for (; microseconds != 0; --microseconds) hal::arch::in8(0x80);
    return;
  }
  const uint64_t end = hal::monotonic_ns() + microseconds * 1000;
  while (hal::monotonic_ns() < end) hal::relax();
}

}  // extern "C"
