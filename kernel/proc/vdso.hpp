// The shared object that the kernel maps into every program: calls that need no kernel, and the way out of signal
// handlers.
//
// Its file (kernel/vdso, arch/X/vdso.S) is part of the kernel's image. At boot it is copied into pages that all
// programs share for ever, with the clock's page behind it.
#pragma once

#include "kernel/mm/address_space.hpp"

namespace proc {

struct MappedVdso {
  VirtAddr header = 0;     // AT_SYSINFO_EHDR
  VirtAddr sigreturn = 0;  // code that calls rt_sigreturn
};

// Maps it where there is room. ENOMEM. May sleep.
Result<MappedVdso> map_vdso(mm::AddressSpace& space);

}  // namespace proc
