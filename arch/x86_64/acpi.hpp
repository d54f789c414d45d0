// The machine's ACPI tables. Set up by hal_irq_init(), read-only afterwards; the tables stay mapped for ever.
#pragma once

#include "kernel/lib/acpi/pieces.hpp"

namespace hal::arch {

inline constexpr u64 kIdentityEnd = 4 * GiB;  // what the boot root maps onto itself
inline lib::acpi::Bytes identity_map(void*, PhysAddr address, usize size) {
  if (address.value >= kIdentityEnd || size > kIdentityEnd - address.value) return {};
  return {reinterpret_cast<const u8*>(address.value), size};
}

// While physical memory below kIdentityEnd is mapped onto itself.
template <class Use>
void for_each_acpi_piece(PhysAddr rsdp, Use&& use) {
  lib::acpi::for_each_piece(rsdp, {identity_map, nullptr}, use);
}

// Needs hal_map_physical() only for tables that the boot code did not put into the direct map.
void acpi_open(PhysAddr rsdp);
const lib::acpi::Tables& acpi_tables();
const lib::acpi::Fadt& acpi_fadt();

}  // namespace hal::arch
