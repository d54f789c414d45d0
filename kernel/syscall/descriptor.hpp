// New descriptors for files that a call made.
#pragma once

#include "kernel/proc/process.hpp"

namespace syscall {

// How many descriptors the calling process may have.
usize descriptor_limit();

// The lowest free descriptor for `file`. EMFILE, ENOMEM.
Result<int> install_file(lib::Ref<vfs::File> file, bool close_on_exec);

// Two descriptors, and their numbers at `numbers`; none stays after an error. EMFILE, ENOMEM, EFAULT.
Status install_pair(lib::Ref<vfs::File> first, lib::Ref<vfs::File> second, bool close_on_exec, VirtAddr numbers);

// As Linux's: a write that failed with EPIPE sends SIGPIPE as well.
void signal_broken_pipe();

}  // namespace syscall
