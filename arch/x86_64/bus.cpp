// Descriptions of the machine, and message-signalled interrupts (Intel SDM vol. 3A, 11.11).
#include "hal/bus.hpp"

#include "arch/x86_64/acpi.hpp"
#include "arch/x86_64/boot.hpp"
#include "arch/x86_64/idt.hpp"
#include "arch/x86_64/ioapic.hpp"
#include "arch/x86_64/lapic.hpp"
#include "arch/x86_64/smp.hpp"
#include "hal/cpu.hpp"
#include "kernel/lib/spin.hpp"

namespace hal {
namespace {

constexpr u32 kLines = arch::kLineVectorEnd - arch::kLineVectorBase;
constexpr u32 kMessageAddress = 0xfee0'0000;  // 11.11.1, with the APIC id in bits 12 to 19
constexpr u32 kMaxApicId = 0xff;

// Lines above the wired ones that are given out. One space for all CPUs, so that a line names a vector.
constinit lib::RawSpinLock lock;  // held with interrupts off
constinit bool taken[kLines];

u32 take_line() {
  const InterruptGuard guard;
  lock.lock();
  u32 line = arch::ioapic_line_end();
  while (line < kLines && taken[line]) ++line;
  if (line < kLines) taken[line] = true;
  lock.unlock();
  return line;
}

}  // namespace

lib::fdt::Tree device_tree() { return {}; }
const lib::acpi::Tables& acpi_tables() { return arch::acpi_tables(); }

Result<u32> line_of(const lib::fdt::Interrupt& /*interrupt*/) { return Err(Errno::ENOENT); }

Result<u32> line_of(const lib::acpi::Interrupt& interrupt) {
  if (!arch::ioapic_set_trigger(interrupt.number, !interrupt.edge, interrupt.active_low)) return Err(Errno::ENOENT);
  return interrupt.number;
}

// Firmware writes the line of the ISA bus that it routed the pin to (PCI 3.0, 6.2.4).
Result<u32> line_of_firmware(u8 line_register) {
  constexpr u8 kIsaLines = 16;
  if (line_register == 0 || line_register >= kIsaLines) return Err(Errno::ENOENT);
  return arch::line_of_isa(line_register);
}

Result<Message> allocate_message(const MessageSource& /*source*/, u32 /*index*/, u32 cpu) {
  if (!arch::lapic_ready() || arch::ioapic_line_end() == 0) return Err(Errno::EOPNOTSUPP);
  const u32 apic_id = arch::apic_id_of(cpu);
  if (apic_id > kMaxApicId) return Err(Errno::EOPNOTSUPP);  // needs interrupt remapping
  const u32 line = take_line();
  if (line == kLines) return Err(Errno::ENOSPC);
  return Message{
      .line = line, .data = u32{arch::kLineVectorBase} + line, .address = PhysAddr{kMessageAddress | apic_id << 12}};
}

void free_message(u32 line) {
  if (line >= kLines) return;
  const InterruptGuard guard;
  lock.lock();
  taken[line] = false;
  lock.unlock();
}

}  // namespace hal
