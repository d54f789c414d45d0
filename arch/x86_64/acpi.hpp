// The machine's ACPI tables. Set up by hal_irq_init(), read-only afterwards; the tables stay mapped for ever.
#pragma once

#include "kernel/lib/acpi/records.hpp"

namespace hal::arch {

inline constexpr u64 kIdentityEnd = 4 * GiB;  // what the boot root maps onto itself
inline lib::acpi::Bytes identity_map(void*, PhysAddr address, usize size) {
  if (address.value >= kIdentityEnd || size > kIdentityEnd - address.value) return {};
  return {reinterpret_cast<const u8*>(address.value), size};
}

// While physical memory below kIdentityEnd is mapped onto itself: calls use(base, size) for every piece of memory that
// holds tables, wherever firmware put it: SeaBIOS uses memory that its map calls reserved, qboot what its map calls
// RAM.
template <class Use>
void for_each_acpi_piece(PhysAddr rsdp, Use&& use) {
  constexpr u64 kRsdpSize = 36;
  if (rsdp.value == 0) return;
  use(rsdp.value, kRsdpSize);
  const lib::acpi::Tables tables(rsdp, {identity_map, nullptr});
  if (tables.empty()) return;
  const auto use_table = [&](PhysAddr address, lib::acpi::Bytes table) { use(address.value, u64{table.size()}); };
  use_table(tables.root_address(), tables.at(tables.root_address()));
  tables.for_each(use_table);
  const auto fadt = lib::acpi::parse_fadt(tables.find(lib::acpi::signature("FACP")));
  use_table(fadt.dsdt, tables.at(fadt.dsdt));
}

// The tables that the boot code put into the direct map; works before there is memory management.
lib::acpi::Tables acpi_boot_tables(PhysAddr rsdp);

// Needs hal_map_physical() only for tables that the boot code did not put into the direct map.
void acpi_open(PhysAddr rsdp);
const lib::acpi::Tables& acpi_tables();
const lib::acpi::Fadt& acpi_fadt();

}  // namespace hal::arch
