// From what describes the machine to the interrupt controller's parts, which work afterwards. Boot CPU, once; may
// sleep.
#pragma once

#include "kernel/lib/acpi/tables.hpp"
#include "kernel/lib/fdt/tree.hpp"

namespace hal::arch {

enum class GicVersion : u8 { None, V2, V3 };

// None: no controller is described that this kernel and this CPU can use.
GicVersion start_gic(const lib::fdt::Tree& tree);
GicVersion start_gic(lib::acpi::Bytes madt);

}  // namespace hal::arch
