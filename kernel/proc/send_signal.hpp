// Sending signals. Any context that may take spinning locks with interrupts off, unless noted.
#pragma once

#include "kernel/proc/table.hpp"

namespace proc {

// To one thread, or to the process of one (any thread that does not block it takes it). Ignored signals vanish at once.
// EAGAIN when a real-time signal cannot be queued. The target is kept alive by the caller.
Status send_to_thread(Thread& thread, const SignalInfo& info);
// ESRCH if the thread is gone.
Status send_to_thread_by_number(i32 tid, const SignalInfo& info);
Status send_to_process(Process& process, const SignalInfo& info);
// To all members; true if there was one.
bool send_to_group(Group& group, const SignalInfo& info);

// With the process table locked.
Status send_to_process_locked(Table& table, Process& process, const SignalInfo& info);
bool send_to_group_locked(Table& table, Group& group, const SignalInfo& info);

// A fault of the calling thread: cannot be blocked or ignored without ending the program.
void force_signal(const SignalInfo& info);
// Ends the whole process of the calling thread or another with SIGKILL's effect.
void kill_process(Process& process);

// From the kernel, without a sender.
SignalInfo kernel_signal(int signal);
// From the calling process.
SignalInfo user_signal(int signal, i32 code);

// Ends the waits of a thread, so that it looks at what is asked of its process. Table locked.
void interrupt_thread(Thread& thread);

// Looks again whether the calling thread has something to deliver (after its mask changed).
void recompute_pending();

// EPERM when the calling thread may not signal `target`.
Status check_may_signal(Process& target, int signal);

}  // namespace proc
