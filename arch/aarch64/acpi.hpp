// The machine's ACPI tables, where firmware gives them instead of a device tree.
//
// Before the MMU is on they are read where they lie, as far as the firmware's memory map has memory there; the EFI stub
// has cleaned them from the caches. Opened by hal_irq_init(), read-only afterwards; they stay mapped for ever.
#pragma once

#include "arch/aarch64/boot.hpp"
#include "kernel/lib/acpi/pieces.hpp"

namespace hal::arch {

inline bool described_by_acpi() { return early_boot.info.acpi_rsdp.value != 0; }

// Before the MMU is on: `map` is a lib::efi::MemoryMap.
inline lib::acpi::Bytes identity_map(void* map, PhysAddr address, usize size) {
  if (!lib::efi::covers(*static_cast<const lib::efi::MemoryMap*>(map), address.value, size)) return {};
  return {reinterpret_cast<const u8*>(address.value), size};
}

// Before the MMU is on: calls use(base, size) for all that holds tables.
template <class Use>
void for_each_acpi_piece(Use&& use) {
  lib::efi::MemoryMap map = early_boot.firmware_map();
  lib::acpi::for_each_piece(early_boot.info.acpi_rsdp, {identity_map, &map}, use);
}

// Before the MMU is on: the console and the firmware's power interface.
void read_early_acpi();

void acpi_open();
const lib::acpi::Tables& acpi_tables();
// The table of processors and interrupt controllers.
lib::acpi::Bytes acpi_madt();

}  // namespace hal::arch
