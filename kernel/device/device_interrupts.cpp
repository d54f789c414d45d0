// Interrupts of one device: MSI-X, MSI, or its wired line (PCI 3.0, 6.8).
#include <algorithm>

#include "hal/bus.hpp"
#include "kernel/device/pci.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/sched/cpu.hpp"

namespace device {
namespace {

// Message control, and the table's entries (6.8.2).
constexpr u32 kControl = 2;
constexpr u32 kMsixEnable = 1 << 15, kMsixMaskAll = 1 << 14, kMsixSizeMask = 0x7ff;
constexpr u32 kMsixTable = 4, kMsixEntrySize = 16;
constexpr u32 kEntryAddress = 0, kEntryAddressHigh = 4, kEntryData = 8, kEntryControl = 12;
// MSI (6.8.1).
constexpr u32 kMsiEnable = 1, kMsi64 = 1 << 7, kMsiMultipleEnable = 7 << 4;
constexpr u32 kMsiAddress = 4;

// A device tree says what becomes of the messages of all that is behind a host bridge.
hal::MessageSource source_of(const Device& device, u32 count) {
  const Device* bridge = &device;
  while (bridge->parent != nullptr) bridge = bridge->parent;
  return {.requester = pci_requester(device), .count = count, .bridge = {bridge->tree_node}};
}

void fill_entry(volatile u8* entry, const hal::Message& message) {
  hal_mmio_write32(entry + kEntryAddress, static_cast<u32>(message.address.value));
  hal_mmio_write32(entry + kEntryAddressHigh, static_cast<u32>(message.address.value >> 32));
  hal_mmio_write32(entry + kEntryData, message.data);
  hal_mmio_write32(entry + kEntryControl, 0);
}

// The table lies in a BAR, wherever the device says: the place is checked against the BAR's size.
volatile u8* find_table(Device& device, u32 capability, u32 entries) {
  const u32 where = pci_read(device, capability + kMsixTable, 4);
  const u32 bar = where & 7, offset = where & ~u32{7};
  if (bar >= HAL_BAR_COUNT) return nullptr;
  const u64 size = device.info.bar[bar].size;
  if (offset > size || u64{entries} * kMsixEntrySize > size - offset) return nullptr;
  auto* base = static_cast<volatile u8*>(hal_bus_map_bar(&device.info, bar));
  return base == nullptr ? nullptr : base + offset;
}

// Messages for the first entries of the table, on the CPUs in turn: as many as there are.
void fill_table(Device& device, volatile u8* table, u32 count, Interrupts& interrupts) {
  const hal::MessageSource source = source_of(device, count);
  for (u32 i = 0; i < count; ++i) {
    const auto message = hal::allocate_message(source, i, i % sched::online_cpus());
    if (!message) return;
    if (!interrupts.lines.push(message->line)) return hal::free_message(message->line);
    fill_entry(table + i * kMsixEntrySize, *message);
  }
}

bool use_msix(Device& device, u32 wanted) {
  const u32 capability = pci_find_capability(device, kPciCapabilityMsix, 0);
  if (capability == 0) return false;
  const u32 control = pci_read(device, capability + kControl, 2);
  const u32 entries = (control & kMsixSizeMask) + 1;
  volatile u8* table = find_table(device, capability, entries);
  if (table == nullptr) return false;
  // Masked as a whole until every entry is right; the table answers only while memory decoding is on.
  pci_set_command(device, kPciCommandMemory, 0);
  pci_write(device, capability + kControl, 2, control | kMsixEnable | kMsixMaskAll);
  Interrupts interrupts{Delivery::Msix, capability, table, {}};
  fill_table(device, table, std::min(wanted, entries), interrupts);
  if (interrupts.lines.empty()) {
    pci_write(device, capability + kControl, 2, control & ~(kMsixEnable | kMsixMaskAll));
    return false;
  }
  pci_set_command(device, kPciCommandNoIntx, 0);
  pci_write(device, capability + kControl, 2, (control | kMsixEnable) & ~kMsixMaskAll);
  static_cast<void>(exchange_interrupts(device, std::move(interrupts)));
  return true;
}

// One message: several would need consecutive vectors.
bool use_msi(Device& device) {
  const u32 capability = pci_find_capability(device, kPciCapabilityMsi, 0);
  if (capability == 0) return false;
  const u32 control = pci_read(device, capability + kControl, 2);
  const auto message = hal::allocate_message(source_of(device, 1), 0, 0);
  if (!message) return false;
  Interrupts interrupts{Delivery::Msi, capability, nullptr, {}};
  const bool is_reachable = (control & kMsi64) != 0 || message->address.value >> 32 == 0;
  if (!is_reachable || !interrupts.lines.push(message->line)) {
    hal::free_message(message->line);
    return false;
  }
  pci_write(device, capability + kMsiAddress, 4, static_cast<u32>(message->address.value));
  u32 data = capability + kMsiAddress + 4;
  if ((control & kMsi64) != 0) {
    pci_write(device, data, 4, static_cast<u32>(message->address.value >> 32));
    data += 4;
  }
  pci_write(device, data, 2, message->data);
  pci_set_command(device, kPciCommandNoIntx, 0);
  pci_write(device, capability + kControl, 2, (control & ~kMsiMultipleEnable) | kMsiEnable);
  static_cast<void>(exchange_interrupts(device, std::move(interrupts)));
  return true;
}

bool use_line(Device& device) {
  Interrupts interrupts{Delivery::Line, 0, nullptr, {}};
  if (device.info.irq == HAL_NO_IRQ || !interrupts.lines.push(device.info.irq)) return false;
  if (device.info.bus == HAL_BUS_PCI) pci_set_command(device, 0, kPciCommandNoIntx);
  static_cast<void>(exchange_interrupts(device, std::move(interrupts)));
  return true;
}

void report(const Device& device) {
  const Interrupts& held = device.interrupts;
  if (held.delivery == Delivery::Line) return;
  LOG_INFO("device", "%s: %s, %zu messages, lines from %u on", device.info.name,
           held.delivery == Delivery::Msix ? "MSI-X" : "MSI", held.lines.size(), held.lines[0]);
}

}  // namespace
}  // namespace device

using namespace device;

hal_status_t hal_irq_allocate(hal_device_t* info, uint32_t wanted, uint32_t* granted) {
  Device& device = of(info);
  if (wanted == 0 || granted == nullptr) return HAL_INVALID;
  if (device.interrupts.delivery != Delivery::None) return HAL_BUSY;
  const bool is_pci = info->bus == HAL_BUS_PCI;
  const bool found = (is_pci && (use_msix(device, wanted) || use_msi(device))) || use_line(device);
  if (!found) return HAL_NOT_FOUND;
  report(device);
  *granted = static_cast<u32>(device.interrupts.lines.size());
  return HAL_OK;
}

void hal_irq_free(hal_device_t* info) {
  Device& device = of(info);
  const Interrupts held = exchange_interrupts(device, {});
  if (held.delivery == Delivery::Msix || held.delivery == Delivery::Msi) {
    const u32 enable = held.delivery == Delivery::Msix ? kMsixEnable : kMsiEnable;
    const u32 control = pci_read(device, held.capability + kControl, 2);
    pci_write(device, held.capability + kControl, 2, control & ~enable);
    for (const u32 line : held.lines) hal::free_message(line);
  }
}

uint32_t hal_irq_of(const hal_device_t* info, uint32_t index) {
  const Interrupts& held = of(info).interrupts;
  return index < held.lines.size() ? held.lines[index] : HAL_NO_IRQ;
}

bool hal_irq_is_msix(const hal_device_t* info) { return of(info).interrupts.delivery == Delivery::Msix; }
