// The other CPUs: finding, starting and interrupting them.
#include "hal/smp.hpp"

#include <new>

#include "arch/aarch64/acpi.hpp"
#include "arch/aarch64/boot.hpp"
#include "arch/aarch64/cache.hpp"
#include "arch/aarch64/cpu.hpp"
#include "arch/aarch64/irq.hpp"
#include "arch/aarch64/registers.hpp"
#include "hal/cpu.h"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/smp.h"
#include "hal/timer.h"
#include "hal/tlb.hpp"
#include "hal/upcalls.hpp"
#include "kernel/lib/acpi/gic.hpp"

extern "C" void hal_aarch64_secondary_entry();

namespace hal::arch {
namespace {

// Numbers and affinities of the CPUs that may run; the boot CPU is 0. Constant after hal_smp_init().
constinit u64 affinities[kMaxCpus] = {};
constinit u32 cpu_count = 1;
constinit std::atomic<bool> alive = false;

extern "C" [[noreturn]] void hal_aarch64_secondary_main() {
  activate_empty_root();
  static_cast<void>(hal_cpu_init());
  if (!asids_fit() || !irq_init_cpu()) halt_forever();
  static_cast<void>(hal_timer_init());
  alive.store(true, std::memory_order_release);
  kernel::secondary_main();
}

// Calls fn(affinity) for each that may run, the boot CPU among them.
template <class Fn>
void for_each_described_cpu(Fn fn) {
  device_tree().for_each_cpu([&](lib::fdt::Node, u64 affinity) { fn(affinity); });
  lib::acpi::for_each_gic_cpu(acpi_madt(), [&](const lib::acpi::GicCpu& cpu) {
    if (cpu.enabled) fn(cpu.affinity);
  });
}

bool wait_alive() {
  constexpr u64 kAtMostNs = 2'000'000'000;
  const u64 end = hal_timer_ns() + kAtMostNs;
  while (!alive.load(std::memory_order_acquire)) {
    if (hal_timer_ns() > end) return false;
    relax();
  }
  return true;
}

}  // namespace
}  // namespace hal::arch

namespace hal {

Status start_cpu(u32 cpu, CpuAnchor* cpu_anchor, ThreadAnchor* idle_thread) {
  using namespace arch;
  if (cpu == 0 || cpu >= cpu_count) return Err(Errno::EINVAL);
  void* memory = hal_alloc(sizeof(CpuLocal), 64);
  if (memory == nullptr) return Err(Errno::ENOMEM);
  cpu_anchor->id = cpu;
  auto* local = new (memory) CpuLocal;
  irq_prepare_cpu(*local);
  starting_cpu = {local, cpu_anchor, idle_thread};
  alive.store(false, std::memory_order_relaxed);
  hal_aarch64_boot_block.stack = idle_thread->kernel_stack_top;
  clean_to_memory(&hal_aarch64_boot_block, sizeof(hal_aarch64_boot_block));
  const PhysAddr entry = image_to_phys(reinterpret_cast<const void*>(hal_aarch64_secondary_entry));
  const i32 answer = psci_call(Psci::CpuOn, affinities[cpu], entry.value, 0);
  if (answer != kPsciSuccess) {
    hal_log(HAL_LOG_ERROR, "smp", "the firmware does not start CPU %u: error %d", cpu, answer);
    hal_free(local->pending_lpis);
    hal_free(memory);
    return Err(Errno::EIO);
  }
  // A CPU that is late may still come and use its block, so that it is not freed.
  if (!wait_alive()) return Err(Errno::ETIMEDOUT);
  return {};
}

// Linux has no getcpu() in the vDSO here, and libraries look for none.
void show_programs_cpu(u32, u32) {}

u64 cpu_hardware_id(u32 cpu) { return arch::affinities[cpu]; }

void send_ipi(u32 cpu, Ipi kind) {
  const arch::CpuLocal* target = arch::cpu_locals[cpu];
  if (target != nullptr) arch::irq_send(*target, kind);
}

}  // namespace hal

extern "C" {

hal_status_t hal_smp_init(void) {
  using namespace hal::arch;
  const u64 own = cpu_local().affinity;
  affinities[0] = own;
  u32 left_out = 0;
  for_each_described_cpu([&](u64 affinity) {
    if (affinity == own) return;
    if (cpu_count == hal::kMaxCpus) {
      ++left_out;
      return;
    }
    affinities[cpu_count++] = affinity;
  });
  if (left_out != 0)
    hal_log(HAL_LOG_WARNING, "smp", "%u CPUs above the limit of %u are not used", left_out, hal::kMaxCpus);
  if (cpu_count > 1 && early_boot.psci == PsciConduit::None) {
    hal_log(HAL_LOG_WARNING, "smp", "no PSCI: %u CPUs are not used", cpu_count - 1);
    cpu_count = 1;
  }
  start_asids(cpu_count);
  return HAL_OK;
}

uint32_t hal_cpu_count(void) { return hal::arch::cpu_count; }

}  // extern "C"
