// hal_cpu_init(): the control registers and anchors of one CPU.
#include "arch/riscv64/cpu.hpp"

#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/trap.hpp"
#include "arch_impl/counter.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"

extern "C" u8 __boot_stack_end[];

namespace hal::arch {

constinit StartingCpu starting_cpu;
constinit std::atomic<CpuLocal*> cpu_locals[kMaxCpus] = {};

namespace {

constinit CpuLocal boot_cpu_local;
constinit CpuAnchor boot_cpu;
constinit ThreadAnchor boot_thread;

// As kernel stacks are: what lies at such a place has the overflow bit clear (hal/anchor.hpp).
alignas(2 * kKernelStackSize) constinit u8 boot_emergency_stack[kKernelStackSize] = {};

StartingCpu boot_anchors() {
  boot_cpu_local.hart = early_boot.hart;
  boot_cpu_local.emergency_stack = reinterpret_cast<VirtAddr>(boot_emergency_stack) + sizeof(boot_emergency_stack);
  boot_thread.kernel_stack_top = reinterpret_cast<VirtAddr>(__boot_stack_end);
  return {&boot_cpu_local, &boot_cpu, &boot_thread};
}

void attach(CpuLocal& local, CpuAnchor* cpu, ThreadAnchor* thread) {
  cpu->scratch = local.emergency_stack;
  cpu->scratch2 = reinterpret_cast<VirtAddr>(&local);
  cpu->current = thread;
  cpu->kernel_stack = thread->kernel_stack_top;
  cpu->hardware_id = local.hart;
  thread->cpu = cpu;
  cpu_locals[cpu->id].store(&local, std::memory_order_release);
  set_current_thread(thread);
}

void set_control_registers() {
  constexpr u64 kTimeCounter = 1 << 1;
  WRITE_CSR("stvec", reinterpret_cast<u64>(hal_riscv_trap_entry));
  WRITE_CSR("sscratch", 0);  // in the kernel (trap_entry.S)
  WRITE_CSR("sie", kSoftwareInterrupt | kExternalInterrupt);
  CLEAR_CSR("sstatus", TrapFrame::kInterruptEnable | TrapFrame::kUserAccess | TrapFrame::kExecReadable |
                           TrapFrame::kFpuMask | TrapFrame::kVectorMask);
  WRITE_CSR("scounteren", kTimeCounter);  // programs may read the time, and no other counter
}

}  // namespace

CpuLocal& cpu_local() { return *cpu_local_of(*current_cpu()); }

void set_boot_anchors(CpuAnchor* cpu, ThreadAnchor* thread) { attach(cpu_local(), cpu, thread); }

}  // namespace hal::arch

extern "C" {

hal_status_t hal_cpu_init(void) {
  using namespace hal::arch;
  StartingCpu starting = starting_cpu;
  if (starting.local == nullptr) starting = boot_anchors();
  set_control_registers();
  attach(*starting.local, starting.cpu, starting.thread);
  return HAL_OK;
}

uint32_t hal_cpu_id(void) { return hal::current_cpu()->id; }
void hal_cpu_relax(void) { hal::relax(); }

}  // extern "C"

namespace hal {

void halt_forever() {
  for (;;) {
    interrupts_disable();
    WRITE_CSR("sie", 0);
    asm volatile("wfi" : : : "memory");
  }
}

u64 cycle_counter() { return arch::read_counter(); }

}  // namespace hal
