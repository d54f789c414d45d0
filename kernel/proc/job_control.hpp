// Groups, sessions, and what stops and continues them.
#pragma once

#include "kernel/proc/table.hpp"

namespace proc {

// setpgid, setsid. EPERM, EACCES, ESRCH as POSIX says. May sleep.
Status set_group(i32 pid, i32 group);
Result<i32> new_session();

// With the table locked: takes the process out of group and session; the references are dropped by the caller outside.
void leave_group(Table& table, Process& process, lib::Ref<Group>* group, lib::Ref<Session>* session);
// A group without a member whose parent is in another group of the session is orphaned: nobody could continue it.
bool is_orphaned(Table& table, const Group& group, const Process* ignoring = nullptr);
// The process goes: groups that this orphans, with stopped members, get SIGHUP and SIGCONT. Table locked.
void hang_up_orphaned_groups(Table& table, Process& dying);

// A session leader goes: its terminal is given up. Outside the table's lock.
void leave_session_of_terminal(Process& process);
// How the room that has terminals hears of it.
void set_session_end_hook(void (*hook)(Session& session));

// The calling thread's process stops with this signal: sits until it is continued or killed. In on_return_to_user.
void stop_current(int signal);

}  // namespace proc
