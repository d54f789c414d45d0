// Processes and threads.

#include "gen/syscall_decl.hpp"
#include "hal/cpu.h"
#include "hal/timer.hpp"
#include "kernel/ipc/futex.hpp"
#include "kernel/proc/clone.hpp"
#include "kernel/proc/exit.hpp"
#include "kernel/proc/job_control.hpp"
#include "kernel/proc/program.hpp"
#include "kernel/proc/send_signal.hpp"
#include "kernel/sched/scheduler.hpp"
#include "kernel/syscall/path_argument.hpp"
#include "kernel/syscall/time_argument.hpp"

namespace syscall {
namespace {

constexpr u64 kSignalMask = 0xff;

Result<i64> start_program(proc::ProgramRequest request, VirtAddr arguments, VirtAddr environment) {
  TRY(request.arguments.add_from_user(arguments));
  // A program always has a name: Linux 5.18 on gives an empty one to those that got none.
  if (request.arguments.count() == 0) TRY(request.arguments.add(""));
  TRY(request.environment.add_from_user(environment));
  TRY(proc::execute(std::move(request)));
  return hal::user_frame(proc::current_thread().kernel_stack_top)->result();
}

Result<lib::Vector<char>> with_nul(std::string_view text) {
  lib::Vector<char> bytes;
  TRY(bytes.resize(text.size() + 1));
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

ResourceUsage usage_of(const proc::ResourceUse& use) {
  ResourceUsage result{};
  result.user = {static_cast<i64>(use.user_ns / 1'000'000'000), static_cast<i64>(use.user_ns / 1000 % 1'000'000)};
  result.system = {static_cast<i64>(use.system_ns / 1'000'000'000), static_cast<i64>(use.system_ns / 1000 % 1'000'000)};
  result.minor_faults = static_cast<i64>(use.minor_faults);
  result.major_faults = static_cast<i64>(use.major_faults);
  result.voluntary_switches = static_cast<i64>(use.voluntary_switches);
  result.involuntary_switches = static_cast<i64>(use.involuntary_switches);
  return result;
}

}  // namespace

Result<i64> sys_fork() {
  proc::CloneRequest request;
  request.exit_signal = proc::signal_number::kChild;
  return TRY(proc::clone(request));
}

Result<i64> sys_vfork() {
  proc::CloneRequest request;
  request.flags = proc::clone_flag::kVm | proc::clone_flag::kVfork;
  request.exit_signal = proc::signal_number::kChild;
  return TRY(proc::clone(request));
}

Result<i64> sys_clone(u64 flags, VirtAddr stack, VirtAddr parent_tid, VirtAddr argument3, VirtAddr argument4) {
  proc::CloneRequest request;
  request.flags = flags & ~kSignalMask;
  request.exit_signal = static_cast<int>(flags & kSignalMask);
  request.stack = stack;
  request.parent_tid = parent_tid;
  request.child_tid = hal::UserAbi::kCloneTlsFirst ? argument4 : argument3;
  request.tls = hal::UserAbi::kCloneTlsFirst ? argument3 : argument4;
  return TRY(proc::clone(request));
}

Result<i64> sys_clone3(mm::UserIn<u64> arguments, usize size) {
  // struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
  // cgroup
  constexpr usize kWords = 11, kMinimum = 8;
  if (size < kMinimum * sizeof(u64) || size % sizeof(u64) != 0) return Err(Errno::EINVAL);
  u64 words[kWords] = {};
  for (usize i = 0; i < size / sizeof(u64); ++i) {
    const u64 word = TRY(arguments.get(i));
    if (i < kWords) {
      words[i] = word;
    } else if (word != 0) {
      return Err(Errno::E2BIG);
    }
  }
  if (words[8] != 0 || words[9] != 0 || words[10] != 0 || (words[0] & kSignalMask) != 0) return Err(Errno::EINVAL);
  proc::CloneRequest request;
  request.flags = words[0];
  request.child_tid = words[2];
  request.parent_tid = words[3];
  request.exit_signal = static_cast<int>(std::min<u64>(words[4], 255));
  if ((words[5] == 0) != (words[6] == 0)) return Err(Errno::EINVAL);
  request.stack = words[5] == 0 ? 0 : words[5] + words[6];
  request.tls = words[7];
  return TRY(proc::clone(request));
}

Result<i64> sys_execve(mm::UserString path, VirtAddr arguments, VirtAddr environment) {
  const PathArgument name = TRY(PathArgument::copy(path));
  proc::ProgramRequest request;
  request.file = TRY(proc::open_program(current_context(), name.text()));
  request.path = TRY(with_nul(name.text()));
  return start_program(std::move(request), arguments, environment);
}

Result<i64> sys_execveat(int directory, mm::UserString path, VirtAddr arguments, VirtAddr environment, u32 flags) {
  const vfs::Path place = TRY(resolve_at(directory, path, flags));
  if (place.inode()->type() == vfs::FileType::Symlink) return Err(Errno::ELOOP);
  const PathArgument name = TRY(PathArgument::copy(path));
  proc::ProgramRequest request;
  request.file = TRY(proc::open_program_at(place, *proc::current_thread().credentials));
  request.path = TRY(with_nul(name.text()));
  return start_program(std::move(request), arguments, environment);
}

Result<i64> sys_exit(int code) { proc::exit_thread(proc::exit_status_of(code)); }
Result<i64> sys_exit_group(int code) { proc::exit_group(proc::exit_status_of(code)); }

Result<i64> sys_wait4(int pid, mm::UserOut<i32> status, u32 options, mm::UserOut<ResourceUsage> usage) {
  proc::WaitRequest request;
  request.exited = true;
  request.stopped = (options & kWuntraced) != 0;
  request.continued = (options & kWcontinued) != 0;
  request.no_hang = (options & kWnohang) != 0;
  if (pid == INT32_MIN) return Err(Errno::ESRCH);
  if (pid > 0) {
    request.who = proc::WaitRequest::Who::Process;
    request.id = pid;
  } else if (pid != -1) {
    request.who = proc::WaitRequest::Who::Group;
    request.id = pid == 0 ? proc::current_process().group->id : -pid;
  }
  const proc::WaitResult result = TRY(proc::wait_for_child(request));
  if (result.pid == 0) return 0;
  if (status) TRY(status.put(static_cast<i32>(result.status)));
  if (usage) TRY(usage.put(usage_of(result.use)));
  return result.pid;
}

Result<i64> sys_waitid(u32 kind, int id, VirtAddr info, u32 options, mm::UserOut<ResourceUsage> usage) {
  constexpr u32 kAll = 0, kPid = 1, kGroup = 2;
  if ((options & (kWexited | kWuntraced | kWcontinued)) == 0) return Err(Errno::EINVAL);
  proc::WaitRequest request;
  request.exited = (options & kWexited) != 0;
  request.stopped = (options & kWuntraced) != 0;
  request.continued = (options & kWcontinued) != 0;
  request.no_hang = (options & kWnohang) != 0;
  request.keep = (options & kWnowait) != 0;
  switch (kind) {
    case kAll: break;
    case kPid:
      if (id <= 0) return Err(Errno::EINVAL);
      request.who = proc::WaitRequest::Who::Process;
      request.id = id;
      break;
    case kGroup:
      if (id < 0) return Err(Errno::EINVAL);
      request.who = proc::WaitRequest::Who::Group;
      request.id = id == 0 ? proc::current_process().group->id : id;
      break;
    default: return Err(Errno::EINVAL);
  }
  const proc::WaitResult result = TRY(proc::wait_for_child(request));
  if (info != 0) {
    proc::SignalInfo details;
    if (result.pid != 0) {
      details.signal = proc::signal_number::kChild;
      details.code = result.code;
      details.child.pid = result.pid;
      details.child.uid = result.uid;
      const bool exited = result.code == proc::signal_code::kExited || result.code == proc::signal_code::kStopped;
      details.child.status = result.code == proc::signal_code::kContinued
                                 ? proc::signal_number::kCont
                                 : static_cast<i32>(exited ? result.status >> 8 & 0xff : result.status & 0x7f);
    }
    // Only the part that waitid defines: the caller's structure may be smaller than siginfo_t on some C libraries.
    TRY(mm::copy_to_user(info, &details, 32));
  }
  if (usage && result.pid != 0) TRY(usage.put(usage_of(result.use)));
  return 0;
}

Result<i64> sys_getpid() { return proc::current_process().pid; }
Result<i64> sys_gettid() { return proc::current_thread().tid; }

Result<i64> sys_getppid() {
  auto table = proc::lock_table();
  const proc::Process* parent = proc::current_process().parent;
  return parent == nullptr ? 0 : parent->pid;
}

Result<i64> sys_set_tid_address(VirtAddr address) {
  proc::current_thread().clear_child_tid = address;
  return proc::current_thread().tid;
}

Result<i64> sys_set_robust_list(VirtAddr head, usize size) {
  if (size != 24) return Err(Errno::EINVAL);
  proc::current_thread().robust_list = head;
  return 0;
}

Result<i64> sys_get_robust_list(int pid, mm::UserOut<u64> head, mm::UserOut<u64> size) {
  if (pid != 0 && pid != proc::current_thread().tid) return Err(Errno::EPERM);
  TRY(size.put(24));
  TRY(head.put(proc::current_thread().robust_list));
  return 0;
}

Result<i64> sys_prctl(u32 option, u64 a, u64, u64, u64) {
  constexpr u32 kSetPdeathsig = 1, kGetPdeathsig = 2, kGetDumpable = 3, kSetName = 15, kGetName = 16,
                kSetChildSubreaper = 36, kGetChildSubreaper = 37;
  proc::Thread& self = proc::current_thread();
  switch (option) {
    case kSetPdeathsig:
      if (a > 64) return Err(Errno::EINVAL);
      self.process->parent_death_signal = static_cast<i32>(a);
      return 0;
    case kGetPdeathsig: TRY(mm::UserOut<i32>(a).put(self.process->parent_death_signal)); return 0;
    case kGetDumpable: return 1;
    case kSetName: {
      char name[sched::Thread::kNameSize] = {};
      const auto length = mm::UserString(a).copy(name, Errno::ENAMETOOLONG);
      if (!length && length.error() != Errno::ENAMETOOLONG) return Err(length.error());
      name[sched::Thread::kNameSize - 1] = 0;
      sched::set_name(self, name);
      return 0;
    }
    case kGetName: TRY(mm::copy_to_user(a, self.name, sched::Thread::kNameSize)); return 0;
    case kSetChildSubreaper: self.process->is_subreaper = a != 0; return 0;
    case kGetChildSubreaper: TRY(mm::UserOut<i32>(a).put(self.process->is_subreaper ? 1 : 0)); return 0;
    default: return Err(Errno::EINVAL);
  }
}

Result<i64> sys_arch_prctl(u64 code, VirtAddr address) {
  return hal::sys_arch_prctl(proc::current_thread().context, code, address);
}

Result<i64> sys_prlimit64(int pid, u32 which, mm::UserIn<UserLimit> fresh, mm::UserOut<UserLimit> old) {
  if (which >= proc::limit::kCount) return Err(Errno::EINVAL);
  proc::Limit wanted;
  if (fresh) {
    const UserLimit given = TRY(fresh.get());
    wanted = {given.soft, given.hard};
    if (wanted.soft > wanted.hard) return Err(Errno::EINVAL);
    if (which == proc::limit::kFiles && wanted.hard > proc::FileTable::kHardLimit) return Err(Errno::EPERM);
  }
  proc::Limit before;
  {
    auto table = proc::lock_table();
    proc::Process* target = pid == 0 ? &proc::current_process() : table->process(pid);
    if (target == nullptr) return Err(Errno::ESRCH);
    const vfs::Credentials& mine = *proc::current_thread().credentials;
    if (target != &proc::current_process() && !mine.has(vfs::Capability::SysResource)) return Err(Errno::EPERM);
    before = target->limits[which];
    if (fresh && wanted.hard > before.hard && !mine.has(vfs::Capability::SysResource)) return Err(Errno::EPERM);
    if (fresh) target->limits[which] = wanted;
  }
  if (old) TRY(old.put({before.soft, before.hard}));
  return 0;
}
Result<i64> sys_getrlimit(u32 which, mm::UserOut<UserLimit> limit) { return sys_prlimit64(0, which, {}, limit); }
Result<i64> sys_setrlimit(u32 which, mm::UserIn<UserLimit> limit) { return sys_prlimit64(0, which, limit, {}); }

Result<i64> sys_getrusage(int who, mm::UserOut<ResourceUsage> usage) {
  constexpr int kSelf = 0, kChildren = -1, kThread = 1;
  proc::Process& self = proc::current_process();
  proc::ResourceUse use;
  if (who == kSelf || who == kThread) {
    use = proc::use_of(self);
  } else if (who == kChildren) {
    auto table = proc::lock_table();
    use.user_ns = self.children_user_ns;
    use.system_ns = self.children_system_ns;
  } else {
    return Err(Errno::EINVAL);
  }
  TRY(usage.put(usage_of(use)));
  return 0;
}

Result<i64> sys_times(mm::UserOut<Times> buffer) {
  constexpr u64 kTick = 10'000'000;  // USER_HZ is 100
  proc::Process& self = proc::current_process();
  const proc::ResourceUse use = proc::use_of(self);
  if (buffer) {
    TRY(buffer.put({static_cast<i64>(use.user_ns / kTick), static_cast<i64>(use.system_ns / kTick),
                    static_cast<i64>(self.children_user_ns / kTick),
                    static_cast<i64>(self.children_system_ns / kTick)}));
  }
  return static_cast<i64>(hal::monotonic_ns() / kTick);
}

Result<i64> sys_futex(VirtAddr address, u32 operation, u32 value, VirtAddr timeout, VirtAddr second, u32 value3) {
  constexpr u32 kWait = 0, kWake = 1, kRequeue = 3, kCmpRequeue = 4, kWakeOp = 5, kWaitBitset = 9, kWakeBitset = 10;
  constexpr u32 kPrivate = 128, kRealtimeClock = 256;
  const u32 command = operation & ~(kPrivate | kRealtimeClock);
  const bool shared = (operation & kPrivate) == 0;
  switch (command) {
    case kWait:
    case kWaitBitset: {
      const u32 bits = command == kWait ? ~u32{0} : value3;
      const auto clock = (operation & kRealtimeClock) != 0 ? Clock::Realtime : Clock::Monotonic;
      const u64 deadline = TRY(command == kWait ? deadline_after(mm::UserIn<TimeSpec>(timeout))
                                                : deadline_at(mm::UserIn<TimeSpec>(timeout), clock));
      TRY(ipc::futex_wait(address, value, bits, shared, deadline));
      return 0;
    }
    case kWake: return ipc::futex_wake(address, value, ~u32{0}, shared);
    case kWakeBitset: return ipc::futex_wake(address, value, value3, shared);
    case kRequeue: return ipc::futex_requeue(address, value, static_cast<u32>(timeout), second, nullptr, shared);
    case kCmpRequeue: return ipc::futex_requeue(address, value, static_cast<u32>(timeout), second, &value3, shared);
    case kWakeOp: return ipc::futex_wake_op(address, value, second, static_cast<u32>(timeout), value3, shared);
    default: return Err(Errno::ENOSYS);
  }
}

// Groups and sessions.
Result<i64> sys_setpgid(int pid, int group) {
  TRY(proc::set_group(pid, group));
  return 0;
}
Result<i64> sys_setsid() { return TRY(proc::new_session()); }

Result<i64> sys_getpgid(int pid) {
  auto table = proc::lock_table();
  proc::Process* process = pid == 0 ? &proc::current_process() : table->process(pid);
  if (process == nullptr || !process->group) return Err(Errno::ESRCH);
  return process->group->id;
}
Result<i64> sys_getpgrp() { return sys_getpgid(0); }

Result<i64> sys_getsid(int pid) {
  auto table = proc::lock_table();
  proc::Process* process = pid == 0 ? &proc::current_process() : table->process(pid);
  if (process == nullptr || !process->session) return Err(Errno::ESRCH);
  return process->session->id;
}

}  // namespace syscall
