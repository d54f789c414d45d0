// Interrupts: which controller is in charge, and from the interrupt to the upcall.
#include "arch/aarch64/irq.hpp"

#include "arch/aarch64/boot.hpp"
#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/tick.hpp"
#include "arch/aarch64/trap.hpp"
#include "hal/cpu.hpp"
#include "hal/irq.h"
#include "hal/upcalls.hpp"

namespace hal::arch {
namespace {

constinit bool use_v2 = false;

void end_of_interrupt(u32 acknowledged) {
  if (use_v2) {
    gic_v2_end(acknowledged);
  } else {
    gic_v3_end(acknowledged);
  }
}

void dispatch(CpuLocal& local, const TrapFrame& frame) {
  constexpr u32 kV2LineMask = 0x3ff;  // above it: the CPU that sent it (IHI 0048B 4.4.4)
  const u32 acknowledged = use_v2 ? gic_v2_acknowledge() : gic_v3_acknowledge();
  const u32 line = use_v2 ? acknowledged & kV2LineMask : acknowledged;
  if (line >= kFirstSpecialLine) return;
  if (line < kFirstPrivateLine) {
    // Ended first: on_ipi() may not return.
    end_of_interrupt(acknowledged);
    kernel::on_ipi(static_cast<Ipi>(line));
    return;
  }
  if (line == timer_line()) {
    timer_quiet();
    end_of_interrupt(acknowledged);
    timer_interrupt(frame);
    return;
  }
  local.line_in_service = line;
  kernel::on_interrupt(line);
  hal_irq_eoi(line);
}

bool set_masked(u32 line, bool masked) {
  return use_v2 ? gic_v2_set_masked(line, masked) : gic_v3_set_masked(line, masked);
}

}  // namespace

extern "C" void hal_aarch64_interrupt(TrapFrame& frame) {
  ThreadAnchor* thread = current_thread();
  CpuAnchor* cpu = thread->cpu;
  ++cpu->interrupt_depth;
  dispatch(cpu_local(), frame);
  --cpu->interrupt_depth;
  // User mode is left to the exit path, which looks at all work.
  if (frame.from_user() || thread->preempt_count != 0 || cpu->interrupt_depth != 0) return;
  if ((thread->work.load(std::memory_order_relaxed) & static_cast<u32>(ThreadWork::Reschedule)) != 0) {
    kernel::on_kernel_preempt();
  }
}

bool irq_init_cpu() {
  CpuLocal& local = cpu_local();
  return use_v2 ? gic_v2_init_cpu(local) : gic_v3_init_cpu(local);
}

void irq_send(const CpuLocal& target, Ipi kind) {
  const u32 line = static_cast<u32>(kind);
  if (use_v2) {
    gic_v2_send(target, line);
  } else {
    gic_v3_send(target, line);
  }
}

}  // namespace hal::arch

extern "C" {

hal_status_t hal_irq_init(void) {
  using namespace hal::arch;
  const lib::fdt::Tree tree = device_tree();
  if (!gic_v3_find(tree)) {
    if (!gic_v2_find(tree)) return HAL_NOT_SUPPORTED;
    use_v2 = true;
  }
  return irq_init_cpu() ? HAL_OK : HAL_ERROR;
}

hal_status_t hal_irq_set_masked(uint32_t irq, bool masked) {
  return hal::arch::set_masked(irq, masked) ? HAL_OK : HAL_INVALID;
}

void hal_irq_eoi(uint32_t irq) {
  using namespace hal::arch;
  const hal::InterruptGuard guard;
  CpuLocal& local = cpu_local();
  if (local.line_in_service != irq) return;
  local.line_in_service = kNoLine;
  end_of_interrupt(irq);
}

}  // extern "C"
