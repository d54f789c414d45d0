#include "kernel/proc/job_control.hpp"

#include "kernel/proc/send_signal.hpp"

namespace proc {
namespace {

std::atomic<void (*)(Session&)> g_session_end = nullptr;

void join_group(Process& process, lib::Ref<Group> group) {
  process.group = std::move(group);
  process.group->members.push_back(process);
}

lib::Ref<Group> take_from_group(Table& table, Process& process) {
  if (!process.group) return {};
  process.group->members.erase(process.group->members.iterator_to(process));
  if (process.group->members.empty()) {
    if (PidEntry* entry = table.find(process.group->id)) entry->group = nullptr;
  }
  lib::Ref<Group> group;
  std::swap(group, process.group);
  return group;
}

lib::Ref<Session> take_from_session(Table& table, Process& process) {
  if (!process.session) return {};
  process.session->members.erase(process.session->members.iterator_to(process));
  if (process.session->members.empty()) {
    if (PidEntry* entry = table.find(process.session->id)) entry->session = nullptr;
  }
  lib::Ref<Session> session;
  std::swap(session, process.session);
  return session;
}

void forget_if_unused(i32 pid) {
  PidEntry* entry = lock_table()->retire(pid);
  lib::destroy(entry);
}

Status check_set_group(Table& table, Process& self, Process* target, i32 group_id) {
  if (target == nullptr || (target != &self && target->parent != &self)) return Err(Errno::ESRCH);
  if (target != &self) {
    if (target->session != self.session) return Err(Errno::EPERM);
    if (target->has_execed) return Err(Errno::EACCES);
  }
  if (target->session && target->session->id == target->pid) return Err(Errno::EPERM);
  if (group_id == target->pid) return {};
  Group* group = table.group(group_id);
  if (group == nullptr || group->members.empty() || group->members.front().session != self.session) {
    return Err(Errno::EPERM);
  }
  return {};
}

}  // namespace

Status set_group(i32 pid, i32 group_id) {
  if (group_id < 0 || pid < 0) return Err(Errno::EINVAL);
  Process& self = current_process();
  if (pid == 0) pid = self.pid;
  if (group_id == 0) group_id = pid;
  auto fresh = TRY(lib::make_ref<Group>(group_id));
  lib::Ref<Group> before;
  {
    auto table = lock_table();
    Process* target = table->process(pid);
    TRY(check_set_group(*table, self, target, group_id));
    if (target->group && target->group->id == group_id) return {};
    Group* existing = table->group(group_id);
    lib::Ref<Group> joined = existing != nullptr ? lib::Ref<Group>(existing) : fresh;
    if (existing == nullptr) table->find(group_id)->group = fresh.get();
    before = take_from_group(*table, *target);
    join_group(*target, std::move(joined));
  }
  if (before) forget_if_unused(before->id);
  return {};
}

Result<i32> new_session() {
  Process& self = current_process();
  auto group = TRY(lib::make_ref<Group>(self.pid));
  auto session = TRY(lib::make_ref<Session>(self.pid));
  lib::Ref<Group> old_group;
  lib::Ref<Session> old_session;
  {
    auto table = lock_table();
    if (table->group(self.pid) != nullptr) return Err(Errno::EPERM);
    old_group = take_from_group(*table, self);
    old_session = take_from_session(*table, self);
    PidEntry* entry = table->find(self.pid);
    entry->group = group.get();
    entry->session = session.get();
    join_group(self, group);
    self.session = session;
    session->members.push_back(self);
  }
  if (old_group) forget_if_unused(old_group->id);
  if (old_session) forget_if_unused(old_session->id);
  return self.pid;
}

void leave_group(Table& table, Process& process, lib::Ref<Group>* group, lib::Ref<Session>* session) {
  *group = take_from_group(table, process);
  *session = take_from_session(table, process);
}

bool is_orphaned(Table&, const Group& group, const Process* ignoring) {
  for (const Process& member : group.members) {
    if (&member == ignoring || member.phase != Process::Phase::Alive || member.parent == nullptr) continue;
    const Process& parent = *member.parent;
    if (&parent != ignoring && parent.pid != 1 && parent.group.get() != &group && parent.session == member.session) {
      return false;
    }
  }
  return true;
}

namespace {

bool has_stopped_member(const Group& group) {
  for (const Process& member : group.members) {
    if (member.is_stopped) return true;
  }
  return false;
}

void hang_up_if_orphaned(Table& table, Group& group, const Process& dying) {
  if (!has_stopped_member(group) || !is_orphaned(table, group, &dying)) return;
  send_to_group_locked(table, group, kernel_signal(signal_number::kHup));
  send_to_group_locked(table, group, kernel_signal(signal_number::kCont));
}

}  // namespace

void hang_up_orphaned_groups(Table& table, Process& dying) {
  if (dying.group) hang_up_if_orphaned(table, *dying.group, dying);
  for (Process& child : dying.children) {
    if (child.group && child.group != dying.group && child.session == dying.session) {
      hang_up_if_orphaned(table, *child.group, dying);
    }
  }
}

void set_session_end_hook(void (*hook)(Session&)) { g_session_end.store(hook); }

void leave_session_of_terminal(Process& process) {
  lib::Ref<Session> session;
  {
    auto table = lock_table();
    session = process.session;
  }
  if (!session || session->id != process.pid) return;
  if (auto* hook = g_session_end.load()) hook(*session);
}

void stop_current(int signal) {
  Thread& self = current_thread();
  Process& process = *self.process;
  {
    auto table = lock_table();
    const bool can_be_orphaned = signal != signal_number::kStop;
    if (process.is_exiting || (can_be_orphaned && is_orphaned(*table, *process.group))) return;
    if (!process.is_stopped) {
      process.is_stopped = true;
      process.stop_signal = static_cast<u32>(signal);
      process.stop_unreported = true;
      process.continue_unreported = false;
      // The other threads stop on their next way out of the kernel.
      auto handlers = self.handlers->state.lock();
      for (Thread& other : process.threads) {
        if (&other == &self) continue;
        other.work.fetch_or(static_cast<u32>(hal::ThreadWork::Signal), std::memory_order_seq_cst);
        other.interrupted.store(true);
        if (other.sleep_is_interruptible.load()) sync::wake(other);
      }
    }
    if (process.parent != nullptr) {
      bool quiet = false;
      if (!process.parent->threads.empty()) {
        auto handlers = process.parent->threads.front().handlers->state.lock();
        quiet = (handlers->of(signal_number::kChild).flags & action_flag::kNoChildStop) != 0;
      }
      SignalInfo info;
      info.signal = signal_number::kChild;
      info.code = signal_code::kStopped;
      info.child.pid = process.pid;
      info.child.status = signal;
      if (!quiet) static_cast<void>(send_to_process_locked(*table, *process.parent, info));
      process.parent->children_changed.wake_all();
    }
  }
  static_cast<void>(process.continued.wait([&] { return !process.is_stopped || process.is_exiting; }));
}

}  // namespace proc
