// The end of threads and processes, and waiting for it.
#pragma once

#include "kernel/mm/user_memory.hpp"
#include "kernel/proc/table.hpp"

namespace proc {

// The calling thread ends (exit). The last one ends the process with `status` (wait()'s encoding).
[[noreturn]] void exit_thread(u32 status);
// All threads of the process end (exit_group, or a fatal signal).
[[noreturn]] void exit_group(u32 status);
// What the calling thread does when the process is on its way out and it is not the one that decided so.
inline constexpr u32 exit_status_of(int code) { return static_cast<u32>(code & 0xff) << 8; }
inline constexpr u32 exit_status_of_signal(int signal, bool core) {
  return static_cast<u32>(signal) | (core ? 0x80u : 0u);
}

// Called at boot: what the scheduler does with a dead user thread.
void destroy_thread(sched::Thread& thread);

struct WaitRequest {
  enum class Who : u8 { Any, Process, Group } who = Who::Any;
  i32 id = 0;
  bool exited = false, stopped = false, continued = false;  // what to report
  bool keep = false;                                        // WNOWAIT
  bool no_hang = false;
};
struct ResourceUse {
  u64 user_ns = 0, system_ns = 0;
  u64 minor_faults = 0, major_faults = 0;
  u64 voluntary_switches = 0, involuntary_switches = 0;
  u64 peak_pages = 0;
};
struct WaitResult {
  i32 pid = 0;  // 0: nothing to report (no_hang)
  u32 uid = 0;
  u32 status = 0;  // wait()'s encoding
  i32 code = 0;    // CLD_
  ResourceUse use;
};
// ECHILD, ERESTARTSYS. May sleep.
Result<WaitResult> wait_for_child(const WaitRequest& request);

ResourceUse use_of(Process& process);

}  // namespace proc
