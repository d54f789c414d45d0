// The machine's ACPI tables. Set up by hal_irq_init(), read-only afterwards; the tables stay mapped for ever.
#pragma once

#include "kernel/lib/acpi/records.hpp"

namespace hal::arch {

// The tables that the boot code put into the direct map; works before there is memory management.
lib::acpi::Tables acpi_boot_tables(PhysAddr rsdp);

// Needs hal_map_physical() only for tables that the boot code did not put into the direct map.
void acpi_open(PhysAddr rsdp);
const lib::acpi::Tables& acpi_tables();
const lib::acpi::Fadt& acpi_fadt();

}  // namespace hal::arch
