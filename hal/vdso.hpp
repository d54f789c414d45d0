// What the vDSO's code, which runs in user mode, needs of the architecture.
//
// <arch_impl/vdso.hpp> offers VDSO_NAME("call"), the name of a call in the vDSO's table of symbols, and
// vdso_system_call(). arch/X/vdso.S has the code that handlers of signals return to, arch/X/vdso.map the list of what
// programs find.
#pragma once

#include <arch_impl/vdso.hpp>

namespace hal {

// What the kernel answers; negative: the error.
using arch::vdso_system_call;

}  // namespace hal
