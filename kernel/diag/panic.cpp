#include <cstdarg>

#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/power.hpp"
#include "hal/smp.hpp"
#include "hal/timer.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/backtrace.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/diag/panic.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/lib/spin.hpp"

namespace diag {
namespace {

constexpr u64 kNobody = ~u64{0};
std::atomic<u64> g_panicking_cpu = kNobody;
std::atomic<int> g_reboot_seconds = 0;
std::atomic<u32> g_stopped_cpus = 0;
lib::RawSpinLock g_stop_lock;  // one stack after the other on the console

// Only one CPU panics. A second one that gets here stops; the same one (a fault while panicking) halts at once.
void enter_panic() {
  const u64 self = hal::current_cpu()->id;
  u64 expected = kNobody;
  if (g_panicking_cpu.compare_exchange_strong(expected, self)) return;
  if (expected == self) console_write("panic: a second fault while panicking\n");
  hal::halt_forever();
}

// Waits until they have printed their stacks and stopped, at most for a time: one may be too broken to answer.
void stop_other_cpus() {
  constexpr u64 kPatienceMs = 2000;
  const u32 self = hal::current_cpu()->id;
  for (u32 cpu = 0; cpu < hal_cpu_count(); ++cpu) {
    if (cpu != self) hal::send_ipi(cpu, hal::Ipi::Stop);
  }
  const u64 start = hal_timer_ms();
  while (g_stopped_cpus.load(std::memory_order_acquire) + 1 < hal_cpu_count()) {
    if (hal_timer_ms() - start > kPatienceMs) return;
    hal::relax();
  }
}

[[noreturn]] void finish_panic() {
  stop_other_cpus();
  const int seconds = g_reboot_seconds.load();
  if (seconds != 0) {
    console_write("panic: rebooting\n");
    if (seconds > 0) hal_timer_delay_us(u64{1000000} * static_cast<u64>(seconds));
    hal::reboot();
  }
  console_write("---[ end of panic ]---\n");
  hal::halt_forever();
}

void print_current_stack(VirtAddr frame_pointer) {
  const VirtAddr top = hal::current_thread()->kernel_stack_top;
  console_write("call trace:\n");
  print_backtrace(frame_pointer, top - hal::kKernelStackSize, top);
}

}  // namespace

void set_panic_reboot(int seconds) { g_reboot_seconds.store(seconds); }
bool may_speak() {
  const u64 panicking = g_panicking_cpu.load(std::memory_order_relaxed);
  return panicking == kNobody || panicking == hal::current_cpu()->id;
}
bool is_panicking() { return g_panicking_cpu.load(std::memory_order_relaxed) != kNobody; }

void panic(const char* format, ...) {
  hal::interrupts_disable();
  enter_panic();
  break_console_lock();
  char text[kLogLineMax];
  va_list arguments;
  va_start(arguments, format);
  lib::format_into_v(text, sizeof(text), format, arguments);
  va_end(arguments);
  log(HAL_LOG_EMERGENCY, "panic", "CPU %u: %s", hal::current_cpu()->id, text);
  print_current_stack(hal::arch::current_frame_pointer());
  finish_panic();
}

void panic_with_registers(VirtAddr instruction, VirtAddr frame_pointer, const char* registers, const char* what) {
  hal::interrupts_disable();
  enter_panic();
  break_console_lock();
  log(HAL_LOG_EMERGENCY, "panic", "CPU %u: %s", hal::current_cpu()->id, what);
  console_write(registers);
  console_write("at:\n");
  print_address(instruction);
  print_current_stack(frame_pointer);
  finish_panic();
}

void assertion_failed(const char* expression, const char* message, const char* file, int line) {
  panic("%s:%d: assertion failed: %s (%s)", file, line, message, expression);
}

void stop_for_panic() {
  hal::interrupts_disable();
  char text[64];
  const usize length = lib::format_into(text, sizeof(text), "CPU %u stopped; ", hal::current_cpu()->id);
  if (is_panicking()) {
    g_stop_lock.lock();
    console_write({text, length});
    print_current_stack(hal::arch::current_frame_pointer());
    g_stop_lock.unlock();
  }
  g_stopped_cpus.fetch_add(1, std::memory_order_release);
  hal::halt_forever();
}

}  // namespace diag
