#include "kernel/proc/program.hpp"

namespace proc {

void restart_through_block(hal::TrapFrame& frame) { frame.restart_syscall_as(hal::UserAbi::kRestartSyscall); }

}  // namespace proc
