// What other parts of the port ask about the machine's CPUs.
#pragma once

#include "kernel/lib/types.hpp"

namespace hal::arch {

// The local APIC's id of a CPU that was found at boot. After hal_smp_init().
u32 apic_id_of(u32 cpu);

}  // namespace hal::arch
