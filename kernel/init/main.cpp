// kernel_main(): the order in which the kernel comes to life, from the boot code's hand-over to the first program.

#include "hal/console.h"
#include "hal/cpu.h"
#include "hal/cpu.hpp"
#include "hal/irq.h"
#include "hal/pte.hpp"
#include "hal/smp.h"
#include "hal/timer.h"
#include "hal/timer.hpp"
#include "hal/upcalls.hpp"
#include "kernel/diag/assert.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/diag/panic.hpp"
#include "kernel/init/first_program.hpp"
#include "kernel/init/stage.hpp"
#include "kernel/lib/command_line.hpp"
#include "kernel/lib/kernel.hpp"
#include "kernel/lib/subsystem.hpp"
#include "kernel/mm/frame.hpp"
#include "kernel/mm/init.hpp"
#include "kernel/random/random.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/sync/lock_check.hpp"
#include "kernel/time/timer.hpp"
#include "kernel/time/wall_clock.hpp"

extern "C" {
using Constructor = void (*)();
extern Constructor __init_array_start[];
extern Constructor __init_array_end[];
}

namespace kernel {
namespace {

Kernel* g_kernel;
alignas(Kernel) u8 g_kernel_place[sizeof(Kernel)];  // never destroyed

// Global objects whose initial value the compiler could not compute. They may not allocate or log.
void run_constructors() {
  for (Constructor* at = __init_array_start; at != __init_array_end; ++at) (*at)();
}

void apply_log_options(const lib::CommandLine& options) {
  if (options.has("quiet")) diag::set_console_level(HAL_LOG_WARNING);
  if (options.has("debug")) diag::set_console_level(HAL_LOG_DEBUG + 1);
  if (const auto level = options.number("loglevel")) diag::set_console_level(static_cast<int>(*level));
  if (const auto seconds = options.number("panic")) diag::set_panic_reboot(static_cast<int>(*seconds));
}

void log_boot_info(const hal::BootInfo& boot) {
  const hal::CpuDescription& cpu = hal::cpu_description();
  LOG_INFO("boot", "Halyard on %s %s, booted by %s", cpu.vendor, cpu.model, boot.loader);
  LOG_INFO("boot", "command line: %s", boot.command_line);
  if (boot.command_line_cut)
    LOG_WARNING("boot", "the command line was longer than %zu bytes and was cut", hal::BootInfo::kCommandLineMax - 1);
  LOG_INFO("boot", "%u levels of page tables", hal::Pte::levels());
  LOG_INFO("boot", "kernel at %#lx, slide %#lx", boot.kernel_image.base.value, boot.kernel_slide);
  for (const auto& range : boot.memory.ram()) LOG_DEBUG("boot", "RAM %#018lx-%#018lx", range.base, range.end - 1);
  if (boot.memory.dropped() != 0) LOG_WARNING("boot", "%u memory ranges did not fit the table", boot.memory.dropped());
}

void start_memory(const hal::BootInfo& boot) {
  mm::init_frames(boot);
  mm::init_kernel_map();
  mm::init_heap();
  const mm::MemoryCounts memory = mm::count_frames();
  LOG_INFO("mm", "%lu KiB of RAM, %lu KiB free", boot.memory.ram_bytes() / KiB, memory.free * kPageSize / KiB);
}

void start_hardware() {
  K_ASSERT(hal_irq_init() == HAL_OK, "no interrupt controller");
  K_ASSERT(hal_timer_init() == HAL_OK, "no timer");
  K_ASSERT(hal_smp_init() == HAL_OK, "no CPUs");
  const u32 cpus = hal_cpu_count();
  mm::init_frame_caches(cpus);
  mm::init_heap_caches(cpus);
  ktime::init_timers(cpus);
}

// The rest of the boot, in a thread of its own, so that it may sleep while CPU 0 has its idle loop.
void boot_thread(void*) {
  sync::start_sleep_checks();
  run_late_init(*g_kernel);
  stage_done("[BOOT] Scheduling enabled");
  start_first_program(*g_kernel);
}

}  // namespace

Kernel& the_kernel() { return *g_kernel; }

void kernel_main(const hal::BootInfo& boot) {
  run_constructors();
  sched::init_boot_cpu(hal::current_thread()->kernel_stack_top);
  const lib::CommandLine options(boot.command_line);
  apply_log_options(options);
  log_boot_info(boot);
  stage_done("[BOOT] Boot information loaded");
  stage_done("[BOOT] Paging enabled");
  start_memory(boot);
  g_kernel = ::new (g_kernel_place) Kernel(boot);
  start_hardware();
  entropy::init(boot);
  ktime::init_wall_clock();
  order_subsystems();
  run_early_init(*g_kernel);
  stage_done("[BOOT] Kernel initialized");
  hal::interrupts_enable();
  if (!options.has("nosmp")) sched::start_other_cpus(options.number("maxcpus").value_or(hal_cpu_count()));
  K_ASSERT(sched::start_kernel_thread("boot", boot_thread, nullptr).has_value(), "no memory for the boot thread");
  sched::idle_loop();
}

void secondary_main() { sched::idle_loop(); }

}  // namespace kernel
