// What turning the machine off needs to know, found while tables can still be read.
#pragma once

namespace hal::arch {

// By hal_irq_init(), after acpi_open().
void prepare_power();

}  // namespace hal::arch
