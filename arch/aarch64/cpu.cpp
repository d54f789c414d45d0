// hal_cpu_init(): the system registers of one CPU, and its anchors.
#include "arch/aarch64/cpu.hpp"

#include "arch/aarch64/fpu.hpp"
#include "arch/aarch64/registers.hpp"
#include "arch/aarch64/trap.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"

extern "C" {
extern u8 __boot_stack_end[];
constinit u8 hal_aarch64_has_pan = 0;  // user_access.S looks at it
}

namespace hal::arch {

constinit CpuLocal* cpu_locals[kMaxCpus] = {};
constinit StartingCpu starting_cpu;

namespace {

constinit CpuLocal boot_cpu_local;
constinit CpuAnchor boot_cpu;
constinit ThreadAnchor boot_thread;

StartingCpu boot_anchors() {
  boot_thread.kernel_stack_top = reinterpret_cast<VirtAddr>(__boot_stack_end);
  return {&boot_cpu_local, &boot_cpu, &boot_thread};
}

void publish_anchors(CpuLocal& local, CpuAnchor* cpu, ThreadAnchor* thread) {
  cpu->scratch = reinterpret_cast<VirtAddr>(local.emergency_stack + kEmergencyStackSize);
  cpu->scratch2 = reinterpret_cast<VirtAddr>(&local);
  cpu->current = thread;
  cpu->kernel_stack = thread->kernel_stack_top;
  cpu->hardware_id = local.affinity;
  thread->cpu = cpu;
  cpu_locals[cpu->id] = &local;
  set_current_thread(thread);
}

void set_system_registers() {
  constexpr u64 kUserReadsVirtualCounter = 1 << 1;  // CNTKCTL_EL1.EL0VCTEN
  HAL_WRITE_REGISTER("vbar_el1", reinterpret_cast<u64>(hal_aarch64_vectors));
  HAL_WRITE_REGISTER("cntkctl_el1", kUserReadsVirtualCounter);
  HAL_WRITE_REGISTER("mdscr_el1", 0);
  HAL_WRITE_REGISTER("oslar_el1", 0);
  HAL_WRITE_REGISTER("tpidr_el0", 0);
  HAL_WRITE_REGISTER("tpidrro_el0", 0);
  if (cpu_has_pmu()) HAL_WRITE_REGISTER("pmuserenr_el0", 0);
  isb();
  if (cpu_has_pan()) {
    hal_aarch64_has_pan = 1;
    asm volatile(".arch_extension pan\n\tmsr pan, #1" : : : "memory");
  }
  asm volatile("msr daifclr, #4" : : : "memory");  // SError: an error is to be seen where it happens
}

}  // namespace

void set_boot_anchors(CpuAnchor* cpu, ThreadAnchor* thread) { publish_anchors(cpu_local(), cpu, thread); }

}  // namespace hal::arch

extern "C" {

hal_status_t hal_cpu_init(void) {
  using namespace hal::arch;
  StartingCpu starting = starting_cpu;
  if (starting.local == nullptr) starting = boot_anchors();
  starting.local->affinity = cpu_affinity();
  starting.local->main_id = HAL_READ_REGISTER("midr_el1");
  publish_anchors(*starting.local, starting.cpu, starting.thread);
  set_system_registers();
  fpu_init_cpu();
  return HAL_OK;
}

uint32_t hal_cpu_id(void) { return hal::current_cpu()->id; }
void hal_cpu_relax(void) { hal::relax(); }

}  // extern "C"

namespace hal {

void halt_forever() {
  for (;;) asm volatile("msr daifset, #0xf\n\twfi" : : : "memory");
}

u64 cycle_counter() { return HAL_READ_REGISTER("cntvct_el0"); }

// RNDR (Arm ARM D19.2.118): Z is set where it had nothing.
bool hardware_random(u64* out) {
  constexpr int kTries = 10;
  if (!arch::cpu_has_rndr()) return false;
  for (int i = 0; i < kTries; ++i) {
    u64 value, failed;
    asm volatile("mrs %0, s3_3_c2_c4_0\n\tcset %1, eq" : "=r"(value), "=r"(failed) : : "cc");
    if (failed != 0) continue;
    *out = value;
    return true;
  }
  return false;
}

}  // namespace hal
