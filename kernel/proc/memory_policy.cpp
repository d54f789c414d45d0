// Memory policies of threads, and access to another program's memory for moving its pages.
#include "kernel/mm/policy.hpp"

#include "kernel/proc/memory_of.hpp"
#include "kernel/proc/table.hpp"

namespace proc {
namespace {

// ptrace(2), "Ptrace access mode checking": the same real user in every respect, or the power.
bool may_look_into(const vfs::Credentials& target) {
  const vfs::Credentials& mine = *current_thread().credentials;
  if (mine.has(vfs::Capability::SysPtrace)) return true;
  return target.uid == mine.uid && target.euid == mine.uid && target.suid == mine.uid && target.gid == mine.gid &&
         target.egid == mine.gid && target.sgid == mine.gid;
}

}  // namespace

Result<lib::Ref<mm::AddressSpace>> memory_of(i32 pid) {
  if (pid == 0 || pid == current_process().pid) return current_thread().memory;
  auto table = lock_table();
  Thread* thread = table->thread(pid);
  if (thread == nullptr) return Err(Errno::ESRCH);
  if (!may_look_into(*thread->credentials)) return Err(Errno::EPERM);
  if (!thread->memory) return Err(Errno::EINVAL);
  return thread->memory;
}

}  // namespace proc

mm::ThreadPolicy* mm::running_policy() {
  sched::Thread& thread = sched::current();
  return thread.is_user ? &static_cast<proc::Thread&>(thread).memory_policy : nullptr;
}
