#include "arch/x86_64/ioapic.hpp"

#include "arch/x86_64/acpi.hpp"
#include "arch/x86_64/idt.hpp"
#include "hal/cpu.hpp"
#include "hal/io.h"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "kernel/lib/spin.hpp"

namespace hal::arch {
namespace {

constexpr usize kMaxControllers = 8;
constexpr usize kWindowSize = 0x20;
constexpr usize kIndex = 0x00, kData = 0x10;
constexpr u32 kRegVersion = 1, kRegRedirection = 0x10;

// Redirection entry, low word (82093AA, 3.2.4).
constexpr u32 kMasked = 1 << 16, kLevel = 1 << 15, kActiveLow = 1 << 13;

class Controller {
 public:
  void attach(volatile u8* window, u32 first_line) {
    window_ = window;
    first_ = first_line;
    count_ = (read(kRegVersion) >> 16 & 0xff) + 1;
  }
  bool has(u32 line) const { return line >= first_ && line - first_ < count_; }
  u32 first() const { return first_; }
  u32 end() const { return first_ + count_; }

  // The high word first: the low one unmasks.
  void route(u32 line, u32 low, u32 apic_id) {
    const u32 reg = kRegRedirection + 2 * (line - first_);
    write(reg, low | kMasked);
    write(reg + 1, apic_id << 24);
  }
  void set_trigger(u32 line, u32 kind) {
    const u32 reg = kRegRedirection + 2 * (line - first_);
    write(reg, (read(reg) & ~(kLevel | kActiveLow)) | kind);
  }
  void set_masked(u32 line, bool masked) {
    const u32 reg = kRegRedirection + 2 * (line - first_);
    const u32 low = read(reg);
    write(reg, masked ? low | kMasked : low & ~kMasked);
  }

 private:
  u32 read(u32 reg) {
    hal_mmio_write32(window_ + kIndex, reg);
    return hal_mmio_read32(window_ + kData);
  }
  void write(u32 reg, u32 value) {
    hal_mmio_write32(window_ + kIndex, reg);
    hal_mmio_write32(window_ + kData, value);
  }

  volatile u8* window_ = nullptr;
  u32 first_ = 0, count_ = 0;
};

constinit lib::RawSpinLock lock;  // held with interrupts off
constinit Controller controllers[kMaxControllers];
constinit usize controller_count = 0;

Controller* controller_of(u32 line) {
  for (usize i = 0; i < controller_count; ++i) {
    if (controllers[i].has(line)) return &controllers[i];
  }
  return nullptr;
}

// Calls change(Controller&) with the lock held. False: no controller has that line.
template <class Change>
bool with_controller(u32 line, Change&& change) {
  Controller* controller = controller_of(line);
  if (controller == nullptr || kLineVectorBase + line >= kLineVectorEnd) return false;
  const InterruptGuard guard;
  lock.lock();
  change(*controller);
  lock.unlock();
  return true;
}

// Lines 0 to 15 are the ISA bus's, rising edge, unless the MADT says otherwise; those above are PCI's, level, active
// low (ACPI 6.5, 5.2.12.5; PCI 3.0, 2.2.6).
void route_all(Controller& controller, u32 apic_id) {
  constexpr u32 kIsaLines = 16;
  for (u32 line = controller.first(); line < controller.end(); ++line) {
    if (kLineVectorBase + line >= kLineVectorEnd) return;
    const u32 kind = line < kIsaLines ? 0 : kLevel | kActiveLow;
    controller.route(line, kind | (kLineVectorBase + line), apic_id);
  }
}

void attach(const lib::acpi::IoApic& found) {
  if (controller_count == kMaxControllers) {
    hal_log(HAL_LOG_WARNING, "ioapic", "more than %zu controllers: the rest is left alone", kMaxControllers);
    return;
  }
  volatile void* window =
      hal_map_physical(found.address.value, kWindowSize, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE);
  if (window == nullptr) return;
  controllers[controller_count++].attach(static_cast<volatile u8*>(window), found.first_line);
}

}  // namespace

bool ioapic_find(lib::acpi::Bytes madt, u32 boot_apic_id) {
  lib::acpi::for_each_io_apic(madt, attach);
  for (usize i = 0; i < controller_count; ++i) route_all(controllers[i], boot_apic_id);
  lib::acpi::for_each_interrupt_override(madt, [&](const lib::acpi::InterruptOverride& entry) {
    Controller* controller = controller_of(entry.line);
    if (controller == nullptr || kLineVectorBase + entry.line >= kLineVectorEnd) return;
    const u32 kind = (entry.level ? kLevel : 0) | (entry.active_low ? kActiveLow : 0);
    controller->route(entry.line, kind | (kLineVectorBase + entry.line), boot_apic_id);
  });
  return controller_count != 0;
}

u32 line_of_isa(u8 isa_line) {
  u32 line = isa_line;
  const lib::acpi::Bytes madt = acpi_tables().find(lib::acpi::signature("APIC"));
  lib::acpi::for_each_interrupt_override(madt, [&](const lib::acpi::InterruptOverride& entry) {
    if (entry.isa_line == isa_line) line = entry.line;
  });
  return line;
}

u32 ioapic_line_end() {
  u32 end = 0;
  for (usize i = 0; i < controller_count; ++i) {
    if (controllers[i].end() > end) end = controllers[i].end();
  }
  return end < kLineVectorEnd - kLineVectorBase ? end : u32{kLineVectorEnd - kLineVectorBase};
}

bool ioapic_set_trigger(u32 line, bool level, bool active_low) {
  return with_controller(line, [=](Controller& controller) {
    controller.set_trigger(line, (level ? kLevel : 0) | (active_low ? kActiveLow : 0));
  });
}

bool ioapic_set_masked(u32 line, bool masked) {
  return with_controller(line, [=](Controller& controller) { controller.set_masked(line, masked); });
}

}  // namespace hal::arch
