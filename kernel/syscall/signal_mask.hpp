// Signal masks for calls that change them for their own duration (sigsuspend, ppoll, pselect).
#pragma once

#include "kernel/proc/signal.hpp"
#include "kernel/syscall/abi.hpp"

namespace syscall {

Status set_blocked(proc::SignalSet set);

// Until the return to user mode, or restore_temporary_mask(). A null mask changes nothing. EINVAL, EFAULT.
Status set_temporary_mask(mm::UserIn<u64> mask, usize size);
// For a call that was not interrupted.
void restore_temporary_mask();

}  // namespace syscall
