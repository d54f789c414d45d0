// Interrupts: which controller is in charge, and from the interrupt to the upcall.
#include "arch/aarch64/irq.hpp"

#include "arch/aarch64/acpi.hpp"
#include "arch/aarch64/boot.hpp"
#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/gic_description.hpp"
#include "arch/aarch64/its.hpp"
#include "arch/aarch64/lpi.hpp"
#include "arch/aarch64/tick.hpp"
#include "arch/aarch64/trap.hpp"
#include "hal/cpu.hpp"
#include "hal/irq.h"
#include "hal/upcalls.hpp"
#include "kernel/lib/spin.hpp"

namespace hal::arch {
namespace {

constinit bool use_v2 = false;
lib::RawSpinLock trigger_lock;  // held with interrupts off; lines share registers

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
  if (line >= kFirstSpecialLine && line < kFirstLpi) return;
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

Status set_masked(u32 line, bool masked) {
  if (line >= kFirstLpi) return its_set_masked(line, masked);
  const bool exists = use_v2 ? gic_v2_set_masked(line, masked) : gic_v3_set_masked(line, masked);
  return exists ? Status() : Err(Errno::ENXIO);
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

void irq_prepare_cpu(CpuLocal& local) { lpi_prepare_cpu(local); }

bool irq_init_cpu() {
  CpuLocal& local = cpu_local();
  if (use_v2) return gic_v2_init_cpu(local);
  if (!gic_v3_init_cpu(local)) return false;
  lpi_init_cpu(local);
  its_init_cpu(local);
  return true;
}

void irq_send(const CpuLocal& target, Ipi kind) {
  const u32 line = static_cast<u32>(kind);
  if (use_v2) {
    gic_v2_send(target, line);
  } else {
    gic_v3_send(target, line);
  }
}

bool irq_set_trigger(u32 line, bool edge) {
  if (line < kFirstSharedLine || line >= (use_v2 ? gic_v2_lines() : gic_v3_lines())) return false;
  const InterruptGuard guard;
  trigger_lock.lock();
  if (use_v2) {
    gic_v2_set_trigger(line, edge);
  } else {
    gic_v3_set_trigger(line, edge);
  }
  trigger_lock.unlock();
  return true;
}

}  // namespace hal::arch

extern "C" {

hal_status_t hal_irq_init(void) {
  using namespace hal::arch;
  acpi_open();
  const GicVersion version = described_by_acpi() ? start_gic(acpi_madt()) : start_gic(device_tree());
  if (version == GicVersion::None) return HAL_NOT_SUPPORTED;
  use_v2 = version == GicVersion::V2;
  irq_prepare_cpu(cpu_local());
  return irq_init_cpu() ? HAL_OK : HAL_ERROR;
}

hal_status_t hal_irq_set_masked(uint32_t irq, bool masked) {
  const Status status = hal::arch::set_masked(irq, masked);
  if (status) return HAL_OK;
  return status.error() == Errno::ENXIO ? HAL_INVALID : HAL_ERROR;
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
