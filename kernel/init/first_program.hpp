// The hand-over to user space: PID 1.
#pragma once

#include "kernel/lib/kernel.hpp"

namespace kernel {

// Unpacks the initramfs, and starts the program that `init=` names, or the first of /init, /sbin/init, /etc/init,
// /bin/init and /bin/sh that exists. Panics, with the reason, if there is none. May sleep.
void start_first_program(Kernel& kernel);

}  // namespace kernel
