// The clock and each CPU's one-shot timer: the generic timer's virtual count (Arm ARM D12.2). Its offset is 0 unless we
// are a guest, and then it is the hypervisor's.
#include "hal/timer.hpp"

#include <algorithm>

#include "arch/aarch64/acpi.hpp"
#include "arch/aarch64/boot.hpp"
#include "arch/aarch64/cpu.hpp"
#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/registers.hpp"
#include "arch/aarch64/tick.hpp"
#include "hal/cpu.hpp"
#include "hal/irq.h"
#include "hal/log.h"
#include "hal/upcalls.hpp"
#include "kernel/lib/acpi/gic.hpp"

constinit hal::ClockScale hal::clock_scale;

namespace hal::arch {
namespace {

// Written once at boot.
constinit u64 counts_per_ns = 0;  // times 2^32
constinit u32 line = 0;

constexpr u64 kSecond = 1'000'000'000;
constexpr u64 kEnable = 1 << 0;  // CNTV_CTL_EL0

u64 frequency() { return HAL_READ_REGISTER("cntfrq_el0"); }

// The count at `ns` of monotonic_ns(), rounded up.
u64 count_at(u64 ns) {
  constexpr u64 kNever = ~u64{0} >> 1;  // far enough, and the sum does not wrap
  return clock_scale.base + std::min(scaled_2_32(ns, counts_per_ns), kNever - 1) + 1;
}

// By the GTDT, or which of the four lines of the device tree's node: secure, non-secure, virtual, hypervisor (Linux
// Documentation/devicetree/bindings/timer/arm,arch_timer.yaml).
u32 find_line() {
  constexpr usize kVirtual = 2;
  constexpr u32 kUsual = 27;
  const lib::fdt::Tree tree = device_tree();
  u32 found = gic_line(tree.interrupt(tree.find_compatible("arm,armv8-timer"), kVirtual));
  if (described_by_acpi()) found = lib::acpi::virtual_timer_line(acpi_tables().find(lib::acpi::signature("GTDT")));
  return is_private_line(found) ? found : kUsual;
}

}  // namespace

void start_clock() {
  clock_scale.base = read_counter();
  const u64 hz = frequency();
  if (hz == 0) early_panic("the timer's frequency is not set (CNTFRQ_EL0)");
  clock_scale.factor = ratio_2_32(kSecond, hz);
  counts_per_ns = ratio_2_32(hz, kSecond);
}

u32 timer_line() { return line; }
void timer_quiet() { HAL_WRITE_REGISTER("cntv_ctl_el0", 0); }

void timer_interrupt(const TrapFrame& frame) {
  CpuLocal& local = cpu_local();
  if (!local.timer_armed) return;
  local.timer_armed = false;
  kernel::on_tick(frame);
}

}  // namespace hal::arch

namespace hal {

void timer_arm(u64 deadline_ns) {
  arch::cpu_local().timer_armed = true;
  HAL_WRITE_REGISTER("cntv_cval_el0", arch::count_at(deadline_ns));
  HAL_WRITE_REGISTER("cntv_ctl_el0", arch::kEnable);
  arch::isb();
}

void timer_disarm() {
  arch::cpu_local().timer_armed = false;
  arch::timer_quiet();
}

}  // namespace hal

extern "C" {

hal_status_t hal_timer_init(void) {
  using namespace hal::arch;
  timer_quiet();
  if (line == 0) {
    line = find_line();
    hal_log(HAL_LOG_INFO, "timer", "generic timer, %lu kHz, line %u", frequency() / 1000, line);
  }
  return hal_irq_enable(line);
}

uint64_t hal_timer_ns(void) { return hal::monotonic_ns(); }
uint64_t hal_timer_ms(void) { return hal::monotonic_ns() / 1'000'000; }

void hal_timer_delay_us(uint64_t microseconds) {
  const uint64_t end = hal::monotonic_ns() + microseconds * 1000;
  while (hal::monotonic_ns() < end) hal::relax();
}

}  // extern "C"
