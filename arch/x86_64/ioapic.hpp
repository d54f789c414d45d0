// The I/O interrupt controllers, which take the wired lines (Intel 82093AA).
//
// A lock guards the pair of index and data register of each. Found once at boot, constant afterwards.
#pragma once

#include "kernel/lib/acpi/records.hpp"
#include "kernel/lib/types.hpp"

namespace hal::arch {

// Maps all controllers that the MADT names, every line masked, routed to the boot CPU. May allocate. False: there is
// none.
bool ioapic_find(lib::acpi::Bytes madt, u32 boot_apic_id);

// One past the highest line.
u32 ioapic_line_end();
// Where a line of the ISA bus arrives.
u32 line_of_isa(u8 isa_line);
// How a line, masked until now, asks for attention. False: no controller has that line.
bool ioapic_set_trigger(u32 line, bool level, bool active_low);
// False: no controller has that line.
bool ioapic_set_masked(u32 line, bool masked);

}  // namespace hal::arch
