// The memory of a program, for calls that name it by a number.
#pragma once

#include "kernel/proc/process.hpp"

namespace proc {

// 0 is the caller. ESRCH; EPERM where the caller must not look into it; EINVAL: it has none any more. Takes the process
// table's lock.
Result<lib::Ref<mm::AddressSpace>> memory_of(i32 pid);

}  // namespace proc
