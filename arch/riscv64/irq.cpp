// Interrupts: which controller is in charge, and from the cause to the upcall.
#include "arch/riscv64/irq.hpp"

#include "arch/riscv64/aia.hpp"
#include "arch/riscv64/aplic.hpp"
#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/console.hpp"
#include "arch/riscv64/cpu.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/imsic.hpp"
#include "arch/riscv64/plic.hpp"
#include "arch/riscv64/smp.hpp"
#include "arch/riscv64/tick.hpp"
#include "arch/riscv64/trap.hpp"
#include "hal/cpu.hpp"
#include "hal/irq.h"
#include "hal/log.h"
#include "hal/upcalls.hpp"

namespace hal::arch {
namespace {

// Written once by hal_irq_init(); null where the machine has none.
constinit const InterruptController* controller = nullptr;

const InterruptController* find_controller(const lib::fdt::Tree& tree) {
  if (aia_init(tree)) return &aia;
  if (aplic_init_direct(tree)) return &aplic_direct;
  if (plic_init(tree)) return &plic;
  return nullptr;
}

void line_interrupts(CpuLocal& local) {
  if (controller == nullptr) return;
  while (const u32 line = controller->claim()) {
    local.line_in_service = line;
    kernel::on_interrupt(line);
    hal_irq_eoi(line);
  }
}

void serve_ipis(CpuLocal& local) {
  // Cleared first: what is sent after we have looked interrupts again.
  CLEAR_CSR("sip", kSoftwareInterrupt);
  const u32 kinds = local.pending_ipis.exchange(0, std::memory_order_acq_rel);
  if ((kinds & kSynchronizeFile) != 0) imsic_synchronize();
  for (const Ipi kind : {Ipi::Stop, Ipi::Call, Ipi::Reschedule}) {
    if ((kinds & bit_of(kind)) != 0) kernel::on_ipi(kind);
  }
}

}  // namespace

u32 irq_line_of(const lib::fdt::Interrupt& interrupt) {
  return controller == nullptr ? 0 : controller->line_of(interrupt);
}

void irq_init_cpu() {
  if (controller != nullptr) controller->init_cpu();
}

void interrupt(TrapFrame& frame, InterruptCause cause) {
  ThreadAnchor* thread = current_thread();
  CpuAnchor* cpu = thread->cpu;
  CpuLocal& local = *cpu_local_of(*cpu);
  ++cpu->interrupt_depth;
  switch (cause) {
    case InterruptCause::Software: serve_ipis(local); break;
    case InterruptCause::Timer: timer_interrupt(frame); break;
    case InterruptCause::External: line_interrupts(local); break;
  }
  --cpu->interrupt_depth;
  // User mode is left to the exit path, which looks at all work.
  if (frame.from_user() || thread->preempt_count != 0 || cpu->interrupt_depth != 0) return;
  if ((thread->work.load(std::memory_order_relaxed) & static_cast<u32>(ThreadWork::Reschedule)) != 0) {
    kernel::on_kernel_preempt();
  }
}

}  // namespace hal::arch

extern "C" {

hal_status_t hal_irq_init(void) {
  using namespace hal::arch;
  const lib::fdt::Tree tree = device_tree();
  // Timer and IPIs do not need it.
  controller = find_controller(tree);
  if (controller == nullptr) hal_log(HAL_LOG_WARNING, "irq", "no controller described: devices cannot interrupt");
  console_attach(tree);
  return HAL_OK;
}

hal_status_t hal_irq_set_masked(uint32_t irq, bool masked) {
  using hal::arch::controller;
  return controller != nullptr && controller->set_masked(irq, masked) ? HAL_OK : HAL_INVALID;
}

void hal_irq_eoi(uint32_t irq) {
  using namespace hal::arch;
  const hal::InterruptGuard guard;
  CpuLocal& local = cpu_local();
  if (local.line_in_service != irq) return;
  local.line_in_service = kNoLine;
  controller->complete(irq);
}

}  // extern "C"
