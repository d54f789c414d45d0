// Interrupts: which controller is in charge, and from the vector to the upcall.
#include "hal/irq.h"

#include "arch/x86_64/acpi.hpp"
#include "arch/x86_64/boot.hpp"
#include "arch/x86_64/gdt.hpp"
#include "arch/x86_64/idt.hpp"
#include "arch/x86_64/ioapic.hpp"
#include "arch/x86_64/lapic.hpp"
#include "arch/x86_64/pic.hpp"
#include "arch/x86_64/power.hpp"
#include "arch/x86_64/shootdown.hpp"
#include "arch/x86_64/tick.hpp"
#include "arch/x86_64/trap.hpp"
#include "hal/cpu.hpp"
#include "hal/log.h"
#include "hal/upcalls.hpp"
#include "kernel/lib/spin.hpp"

namespace hal::arch {
namespace {

constinit bool use_pic = false;
constinit lib::RawSpinLock pic_lock;  // held with interrupts off

void end_of_interrupt(u32 line) {
  if (use_pic) {
    pic_end_of_interrupt(line);
  } else {
    lapic_end_of_interrupt();
  }
}

void line_interrupt(CpuLocal& local, u32 line) {
  if (use_pic && !pic_is_real(line)) return;
  local.line_in_service = line;
  kernel::on_interrupt(line);
  hal_irq_eoi(line);
}

void dispatch(CpuLocal& local, const TrapFrame& frame) {
  const u8 vector = frame.vector();
  if (vector < kLineVectorEnd) {
    line_interrupt(local, vector - kLineVectorBase);
    return;
  }
  if (vector == kVectorSpurious) return;  // not to be acknowledged (Intel SDM vol. 3A 11.9)
  // Acknowledged first: on_ipi() may not return, and a handler may send more.
  lapic_end_of_interrupt();
  switch (vector) {
    case kVectorReschedule: return kernel::on_ipi(Ipi::Reschedule);
    case kVectorCall: return kernel::on_ipi(Ipi::Call);
    case kVectorStop: local.stop_seen.store(true, std::memory_order_release); return kernel::on_ipi(Ipi::Stop);
    case kVectorTlb: return serve_shootdowns();
    case kVectorTimer: return timer_interrupt(frame);
    default: return;
  }
}

bool set_masked(u32 line, bool masked) {
  if (!use_pic) return ioapic_set_masked(line, masked);
  const InterruptGuard guard;
  pic_lock.lock();
  const bool done = pic_set_masked(line, masked);
  pic_lock.unlock();
  return done;
}

}  // namespace

extern "C" void hal_x86_interrupt(TrapFrame& frame) {
  ThreadAnchor* thread = current_thread();
  CpuAnchor* cpu = thread->cpu;
  ++cpu->interrupt_depth;
  dispatch(*cpu_local_of(*cpu), frame);
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
  acpi_open(early_boot.info.acpi_rsdp);
  prepare_power();
  pic_init();
  const lib::acpi::Bytes madt = acpi_tables().find(lib::acpi::signature("APIC"));
  // IPIs and the timer need a local APIC in any case.
  if (!lapic_find(lib::acpi::madt_local_apic_address(madt))) return HAL_NOT_SUPPORTED;
  lapic_init_cpu();
  if (!ioapic_find(madt, cpu_local().apic_id)) {
    use_pic = true;
    lapic_accept_pic();
    hal_log(HAL_LOG_NOTICE, "irq", "no I/O APIC described: using the 8259");
  }
  return HAL_OK;
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
