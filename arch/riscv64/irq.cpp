// Interrupts: from the cause to the upcall.
#include "hal/irq.h"

#include "arch/riscv64/boot.hpp"
#include "arch/riscv64/console.hpp"
#include "arch/riscv64/cpu.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/plic.hpp"
#include "arch/riscv64/tick.hpp"
#include "arch/riscv64/trap.hpp"
#include "hal/cpu.hpp"
#include "hal/log.h"
#include "hal/upcalls.hpp"

namespace hal::arch {
namespace {

void line_interrupts(CpuLocal& local) {
  while (const u32 line = plic_claim()) {
    local.line_in_service = line;
    kernel::on_interrupt(line);
    hal_irq_eoi(line);
  }
}

void serve_ipis(CpuLocal& local) {
  // Cleared first: what is sent after we have looked interrupts again.
  CLEAR_CSR("sip", kSoftwareInterrupt);
  const u32 kinds = local.pending_ipis.exchange(0, std::memory_order_acq_rel);
  for (const Ipi kind : {Ipi::Stop, Ipi::Call, Ipi::Reschedule}) {
    if ((kinds & 1u << static_cast<u32>(kind)) != 0) kernel::on_ipi(kind);
  }
}

}  // namespace

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
  if (!plic_init(tree)) hal_log(HAL_LOG_WARNING, "irq", "no PLIC described: devices cannot interrupt");
  console_attach(tree);
  return HAL_OK;
}

hal_status_t hal_irq_set_masked(uint32_t irq, bool masked) {
  return hal::arch::plic_set_masked(irq, masked) ? HAL_OK : HAL_INVALID;
}

void hal_irq_eoi(uint32_t irq) {
  using namespace hal::arch;
  const hal::InterruptGuard guard;
  CpuLocal& local = cpu_local();
  if (local.line_in_service != irq) return;
  local.line_in_service = kNoLine;
  plic_complete(irq);
}

}  // extern "C"
