// New threads and processes: fork, vfork, clone, clone3.
#pragma once

#include "kernel/proc/process.hpp"

namespace proc {

// CLONE_ flags (include/uapi/linux/sched.h).
namespace clone_flag {
inline constexpr u64 kVm = 0x100, kFs = 0x200, kFiles = 0x400, kSighand = 0x800, kPidfd = 0x1000, kPtrace = 0x2000,
                     kVfork = 0x4000, kParent = 0x8000, kThread = 0x10000, kNewNs = 0x20000, kSysvsem = 0x40000,
                     kSettls = 0x80000, kParentSettid = 0x100000, kChildCleartid = 0x200000, kDetached = 0x400000,
                     kUntraced = 0x800000, kChildSettid = 0x1000000, kClearSighand = 0x100000000;
}

struct CloneRequest {
  u64 flags = 0;
  int exit_signal = 0;
  VirtAddr stack = 0;  // 0: the caller's
  VirtAddr parent_tid = 0;
  VirtAddr child_tid = 0;
  VirtAddr tls = 0;
};
// The new thread's number, as the caller gets it. EINVAL for flags that do not go together, EAGAIN, ENOMEM. May sleep.
Result<i32> clone(const CloneRequest& request);

// The first process: PID 1, not yet running, with the given root directory and no program. The thread goes to user mode
// when it returns from `entry`. Boot.
Result<Thread*> make_first_process(const vfs::Path& root, void (*entry)());

}  // namespace proc
