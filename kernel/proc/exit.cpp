#include "kernel/proc/exit.hpp"

#include "kernel/diag/assert.hpp"
#include "kernel/ipc/futex.hpp"
#include "kernel/mm/kernel_map.hpp"
#include "kernel/proc/job_control.hpp"
#include "kernel/proc/send_signal.hpp"
#include "kernel/sched/scheduler.hpp"

namespace proc {
namespace {

void drop_memory(Thread& self) {
  if (!self.memory) return;
  if (self.clear_child_tid != 0) {
    // glibc's and musl's join: the word becomes 0 and whoever waits for it is woken.
    static_cast<void>(mm::UserOut<u32>(self.clear_child_tid).put(0));
    static_cast<void>(ipc::futex_wake_address(self.clear_child_tid, 1));
  }
  ipc::release_robust_list(self.robust_list, self.tid);
  lib::Ref<mm::AddressSpace> memory;
  std::swap(memory, self.memory);
  sched::use_address_space(nullptr);
  memory->remove_user();
}

void end_vfork(Thread& self) {
  auto table = lock_table();
  if (self.vfork_done != nullptr) std::exchange(self.vfork_done, nullptr)->wake_all();
}

void add_times(Process& process, const Thread& thread) {
  const sched::TimeSplit time = sched::time_split_of(thread);
  process.user_ns += time.user_ns;
  process.system_ns += time.system_ns;
  process.dead_minor_faults += thread.minor_faults;
}

// The parent may not care, or may want to hear. Table locked. True if nobody will wait: the process goes at once.
bool tell_parent(Table& table, Process& process) {
  Process& parent = *process.parent;
  bool unwanted = false;
  if (process.death_signal == signal_number::kChild && !parent.threads.empty()) {
    auto handlers = parent.threads.front().handlers->state.lock();
    const SignalAction& action = handlers->of(signal_number::kChild);
    unwanted = action.handler == kIgnoreHandler || (action.flags & action_flag::kNoChildWait) != 0;
  }
  if (process.death_signal != 0) {
    SignalInfo info;
    info.signal = process.death_signal;
    const bool signaled = (process.exit_status & 0x7f) != 0;
    info.code = signaled ? ((process.exit_status & 0x80) != 0 ? signal_code::kDumped : signal_code::kKilled)
                         : signal_code::kExited;
    info.child.pid = process.pid;
    info.child.status = static_cast<i32>(signaled ? process.exit_status & 0x7f : process.exit_status >> 8);
    static_cast<void>(send_to_process_locked(table, parent, info));
  }
  parent.children_changed.wake_all();
  return unwanted;
}

Process& new_parent_for(Table& table, Process& dying) {
  for (Process* at = dying.parent; at != nullptr; at = at->parent) {
    if (at->is_subreaper && at->phase == Process::Phase::Alive && !at->is_exiting) return *at;
  }
  Process* init = table.process(1);
  K_ASSERT(init != nullptr, "init is gone");
  return *init;
}

// Takes a zombie out of everything; its references go outside the lock. Table locked.
struct Reaped {
  lib::Ref<Process> process;
  lib::Ref<Group> group;
  lib::Ref<Session> session;
  lib::Ref<vfs::File> executable;
};
Reaped reap(Table& table, Process& process) {
  Reaped reaped;
  process.phase = Process::Phase::Reaped;
  process.parent->children.erase(process.parent->children.iterator_to(process));
  leave_group(table, process, &reaped.group, &reaped.session);
  table.find(process.pid)->process = nullptr;
  --table.processes;
  std::swap(reaped.executable, process.executable);
  reaped.process = lib::Ref<Process>::adopt(&process);
  return reaped;
}

void forget_pid(i32 pid) {
  PidEntry* entry = lock_table()->retire(pid);
  lib::destroy(entry);
}

// The last thread: children get another parent, the process becomes a zombie, or goes.
void end_process(Thread& self) {
  Process& process = *self.process;
  if (process.pid == 1) diag::panic("init exited with status %#x", process.exit_status);
  leave_session_of_terminal(process);
  lib::Vector<Reaped> unwanted;
  Reaped own;
  {
    auto table = lock_table();
    Process& heir = new_parent_for(*table, process);
    hang_up_orphaned_groups(*table, process);
    while (!process.children.empty()) {
      Process& child = process.children.front();
      process.children.pop_front();
      child.parent = &heir;
      heir.children.push_back(child);
      if (child.parent_death_signal != 0) {
        static_cast<void>(send_to_process_locked(*table, child, kernel_signal(child.parent_death_signal)));
      }
      if (child.phase == Process::Phase::Zombie) heir.children_changed.wake_all();
    }
    process.phase = Process::Phase::Zombie;
    if (tell_parent(*table, process)) own = reap(*table, process);
  }
  if (own.process) {
    const i32 pid = process.pid;
    own = Reaped();
    forget_pid(pid);
  }
}

bool matches(const Process& child, const WaitRequest& request) {
  switch (request.who) {
    case WaitRequest::Who::Any: return true;
    case WaitRequest::Who::Process: return child.pid == request.id;
    case WaitRequest::Who::Group: return child.group && child.group->id == request.id;
  }
  return false;
}

u32 uid_of(Process& process) { return process.threads.empty() ? 0 : process.threads.front().credentials->uid; }

// Fills `result` if the child has news. Table locked.
bool report(Process& child, const WaitRequest& request, WaitResult& result) {
  result.pid = child.pid;
  result.uid = uid_of(child);
  if (request.exited && child.phase == Process::Phase::Zombie && child.thread_count == 0) {
    const u32 status = child.exit_status;
    result.status = status;
    result.code = (status & 0x7f) == 0 ? signal_code::kExited
                                       : ((status & 0x80) != 0 ? signal_code::kDumped : signal_code::kKilled);
    result.use = {child.user_ns + child.children_user_ns, child.system_ns + child.children_system_ns,
                  child.dead_minor_faults};
    return true;
  }
  if (request.stopped && child.stop_unreported) {
    if (!request.keep) child.stop_unreported = false;
    result.status = child.stop_signal << 8 | 0x7f;
    result.code = signal_code::kStopped;
    return true;
  }
  if (request.continued && child.continue_unreported) {
    if (!request.keep) child.continue_unreported = false;
    result.status = 0xffff;
    result.code = signal_code::kContinued;
    return true;
  }
  result.pid = 0;
  return false;
}

}  // namespace

void destroy_thread(sched::Thread& thread) {
  auto& self = static_cast<Thread&>(thread);
  mm::free_stack(self.kernel_stack_top);
  hal::release_user_state(self.context);
  lib::deallocate(self.context.fpu_area);
  self.process->release();
  lib::destroy(&self);
}

void exit_thread(u32 status) {
  Thread& self = current_thread();
  Process& process = *self.process;
  drop_memory(self);
  end_vfork(self);
  if (self.files && self.files->reference_count() == 1) self.files->close_all();
  self.files.reset();
  self.directories.reset();
  bool last = false;
  const i32 tid = self.tid;
  {
    auto table = lock_table();
    {
      auto handlers = self.handlers->state.lock();
      self.is_leaving = true;
      self.signals.discard({~u64{0}});
    }
    last = process.thread_count == 1;
    if (last && !process.is_exiting) process.exit_status = status;
    add_times(process, self);
    if (!last) {
      process.threads.erase(process.threads.iterator_to(self));
      --process.thread_count;
      table->find(tid)->thread = nullptr;
      --table->threads;
      process.threads_changed.wake_all();
    }
  }
  if (last) {
    if (process.real_timer != nullptr) {
      process.real_timer->cancel();
      lib::destroy(process.real_timer);
    }
    // Still listed, so that the signal to the parent and terminal rules see the process as it was.
    {
      auto table = lock_table();
      process.threads.erase(process.threads.iterator_to(self));
      process.thread_count = 0;
      table->find(tid)->thread = nullptr;
      --table->threads;
    }
    end_process(self);
  }
  if (tid != process.pid) forget_pid(tid);
  self.handlers.reset();
  self.credentials.reset();
  sched::exit_current();
}

void exit_group(u32 status) {
  Process& process = current_process();
  {
    auto table = lock_table();
    if (!process.is_exiting) {
      process.is_exiting = true;
      process.exit_status = status;
    }
  }
  kill_process(process);
  exit_thread(status);
}

Result<WaitResult> wait_for_child(const WaitRequest& request) {
  Process& self = current_process();
  WaitResult result;
  Reaped reaped;
  bool any = false;
  const auto look = [&] {
    auto table = lock_table();
    any = false;
    for (Process& child : self.children) {
      if (!matches(child, request)) continue;
      any = true;
      if (!report(child, request, result)) continue;
      if (child.phase == Process::Phase::Zombie && !request.keep) {
        self.children_user_ns += result.use.user_ns;
        self.children_system_ns += result.use.system_ns;
        reaped = reap(*table, child);
      }
      return true;
    }
    return !any || request.no_hang;
  };
  const Status waited = self.children_changed.wait(look, sync::WaitMode::Interruptible);
  if (result.pid != 0) {
    if (reaped.process) {
      const i32 pid = result.pid;
      reaped = Reaped();
      forget_pid(pid);
    }
    return result;
  }
  if (!any) return Err(Errno::ECHILD);
  if (!waited) return Err(waited.error());
  return result;
}

ResourceUse use_of(Process& process) {
  auto table = lock_table();
  ResourceUse use;
  use.user_ns = process.user_ns;
  use.system_ns = process.system_ns;
  use.minor_faults = process.dead_minor_faults;
  for (const Thread& thread : process.threads) {
    const sched::TimeSplit time = sched::time_split_of(thread);
    use.user_ns += time.user_ns;
    use.system_ns += time.system_ns;
    use.minor_faults += thread.minor_faults;
    use.major_faults += thread.major_faults;
    use.voluntary_switches += thread.voluntary_switches;
    use.involuntary_switches += thread.involuntary_switches;
  }
  return use;
}

}  // namespace proc
