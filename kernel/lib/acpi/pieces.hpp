// Every piece of memory that holds tables, wherever firmware put it: SeaBIOS uses memory that its map calls reserved,
// qboot what its map calls RAM. For boot code, which keeps and maps them before there is memory management.
#pragma once

#include "kernel/lib/acpi/records.hpp"

namespace lib::acpi {

// Calls use(u64 base, u64 size) for each. The root pointer alone, where it leads to nothing.
template <class Use>
void for_each_piece(PhysAddr rsdp, Mapper mapper, Use&& use) {
  constexpr u64 kRsdpSize = 36;
  if (rsdp.value == 0) return;
  use(rsdp.value, kRsdpSize);
  const Tables tables(rsdp, mapper);
  if (tables.empty()) return;
  const auto use_table = [&](PhysAddr address, Bytes table) { use(address.value, u64{table.size()}); };
  use_table(tables.root_address(), tables.at(tables.root_address()));
  tables.for_each(use_table);
  const auto fadt = parse_fadt(tables.find(signature("FACP")));
  use_table(fadt.dsdt, tables.at(fadt.dsdt));
}

}  // namespace lib::acpi
