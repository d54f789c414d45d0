// Replacing the program of a process: execve and its loaders.
#pragma once

#include <span>

#include "fs/vfs/namei.hpp"
#include "hal/trap.hpp"
#include "kernel/proc/process.hpp"

namespace proc {

// Arguments or environment: strings one after the other, each with its NUL.
class StringList {
 public:
  // E2BIG beyond the limit that Linux derives from the stack's (a quarter of it, at least 128 KiB); ENOMEM; EFAULT.
  Status add(std::string_view text);
  Status add_from_user(VirtAddr array);  // a NULL-terminated array of pointers
  Status prepend(std::string_view text);
  Status replace_first(std::string_view text);  // the first, if there is one, gives way
  std::span<const char> bytes() const { return {bytes_.data(), bytes_.size()}; }
  usize count() const { return count_; }

 private:
  lib::Vector<char> bytes_;
  usize count_ = 0;
};

struct ProgramRequest {
  lib::Ref<vfs::File> file;
  lib::Vector<char> path;  // as given, for AT_EXECFN and scripts; with NUL
  StringList arguments;
  StringList environment;
};

// A file that may be executed: EACCES where it may not.
Result<lib::Ref<vfs::File>> open_program(const vfs::WalkContext& context, std::string_view path);
Result<lib::Ref<vfs::File>> open_program_at(const vfs::Path& place, const vfs::Credentials& who);

// Runs the program in place of the calling process's present one. On success the user registers are those of the new
// program. Errors leave everything as it was: ENOEXEC, EACCES, ENOENT (the interpreter), ELIBBAD, ENOMEM, E2BIG. May
// sleep.
Status execute(ProgramRequest request);

// The address of the rt_sigreturn code in the thread's program.
VirtAddr signal_trampoline(const Thread& thread);

// Continues the interrupted call that the thread's restart block describes: makes the program call restart_syscall.
void restart_through_block(hal::TrapFrame& frame);

}  // namespace proc
