#include "kernel/proc/clone.hpp"

#include <cstring>

#include "hal/timer.hpp"
#include "kernel/lib/defer.hpp"
#include "kernel/mm/kernel_map.hpp"
#include "kernel/mm/user_memory.hpp"
#include "kernel/proc/exit.hpp"
#include "kernel/proc/send_signal.hpp"
#include "kernel/proc/table.hpp"
#include "kernel/sched/scheduler.hpp"

namespace proc {
namespace {

using namespace clone_flag;

bool has(const CloneRequest& request, u64 flag) { return (request.flags & flag) != 0; }

Status check(const CloneRequest& request) {
  constexpr u64 kKnown = kVm | kFs | kFiles | kSighand | kVfork | kParent | kThread | kSysvsem | kSettls |
                         kParentSettid | kChildCleartid | kDetached | kUntraced | kChildSettid | kClearSighand;
  if ((request.flags & ~kKnown) != 0) return Err(Errno::EINVAL);
  if (has(request, kThread) && !has(request, kSighand)) return Err(Errno::EINVAL);
  if (has(request, kSighand) && !has(request, kVm)) return Err(Errno::EINVAL);
  if (has(request, kSighand) && has(request, kClearSighand)) return Err(Errno::EINVAL);
  if (request.exit_signal < 0 || request.exit_signal > signal_number::kLast) return Err(Errno::EINVAL);
  return {};
}

// A thread with a kernel stack and an FPU area, and nothing else.
Result<Thread*> make_thread() {
  auto thread = TRY(lib::make_own<Thread>());
  void* fpu = lib::allocate(align_up(std::max<usize>(hal::fpu_area_size(), 64), 64));
  if (fpu == nullptr) return Err(Errno::ENOMEM);
  std::memset(fpu, 0, hal::fpu_area_size());
  const auto stack = mm::allocate_stack();
  if (!stack) {
    lib::deallocate(fpu);
    return Err(stack.error());
  }
  thread->kernel_stack_top = *stack;
  thread->context.fpu_area = fpu;
  thread->is_user = true;
  thread->destroy = destroy_thread;
  return thread.release();
}

// Undoes make_thread() for a thread that never ran.
void discard_thread(Thread& thread) {
  mm::free_stack(thread.kernel_stack_top);
  hal::release_user_state(thread.context);
  lib::deallocate(thread.context.fpu_area);
  lib::destroy(&thread);
}

void start_in_user_mode(void*) {
  sched::begin_thread();
  Thread& self = current_thread();
  if (self.restart_block.values[0] != 0) {
    // CLONE_CHILD_SETTID: written by the child, into its own memory.
    static_cast<void>(mm::UserOut<i32>(self.restart_block.values[0]).put(self.tid));
    self.restart_block.values[0] = 0;
  }
  hal::interrupts_disable();
  hal::return_to_user();
}

Status share_or_copy(const CloneRequest& request, Thread& parent, Thread& child) {
  if (has(request, kVm)) {
    child.memory = parent.memory;
    child.memory->add_user();
  } else {
    child.memory = TRY(parent.memory->fork());
  }
  child.space = child.memory.get();
  child.files = has(request, kFiles) ? parent.files : TRY(parent.files->clone());
  child.directories = has(request, kFs) ? parent.directories : TRY(parent.directories->clone());
  child.handlers = has(request, kSighand) ? parent.handlers : TRY(parent.handlers->clone());
  if (has(request, kClearSighand)) {
    for (SignalAction& action : child.handlers->state.unshared().actions) {
      if (action.handler != kIgnoreHandler) action = SignalAction();
    }
  }
  child.credentials = parent.credentials;
  return {};
}

Status copy_thread_state(const CloneRequest& request, Thread& parent, Thread& child) {
  sched::set_name(child, parent.name);
  child.priority = sched::priority_of_child(parent.priority);
  child.affinity = parent.affinity;
  child.memory_policy.own = parent.memory_policy.own;
  child.interactivity = parent.interactivity;
  child.blocked = parent.blocked;
  child.trampoline = parent.trampoline;
  if (!has(request, kVm) || has(request, kVfork)) child.alternate_stack = parent.alternate_stack;
  hal::TrapFrame& frame = *hal::user_frame(child.kernel_stack_top);
  frame = *hal::user_frame(parent.kernel_stack_top);
  frame.set_result(0);
  if (request.stack != 0) frame.set_stack_pointer(request.stack);
  TRY(hal::fork_user_state(parent.context, child.context));
  if (has(request, kSettls)) hal::set_user_thread_pointer(frame, child.context, request.tls);
  if (has(request, kChildCleartid)) child.clear_child_tid = request.child_tid;
  if (has(request, kChildSettid)) child.restart_block.values[0] = request.child_tid;
  hal::prepare_thread(child.context, reinterpret_cast<VirtAddr>(&frame), start_in_user_mode, nullptr);
  return {};
}

// A process of its own for the child, not yet in any list.
Result<lib::Ref<Process>> make_process(i32 pid, Process& parent) {
  auto process = TRY(lib::make_ref<Process>(pid));
  process->start_time_ns = hal::monotonic_ns();
  process->is_subreaper = false;
  for (usize i = 0; i < limit::kCount; ++i) process->limits[i] = parent.limits[i];
  return process;
}

// Under the table's lock: enters the child into the family.
void adopt(const CloneRequest& request, Thread& caller, Thread& child, lib::Ref<Process>& fresh) {
  Process& parent_process = *caller.process;
  if (!fresh) {
    parent_process.acquire();
    child.process = &parent_process;
  } else {
    Process& process = *fresh;
    process.executable = parent_process.executable;
    process.parent = has(request, kParent) ? parent_process.parent : &parent_process;
    process.death_signal = has(request, kParent) ? parent_process.death_signal : request.exit_signal;
    process.parent->children.push_back(process);
    process.group = parent_process.group;
    process.group->members.push_back(process);
    process.session = parent_process.session;
    process.session->members.push_back(process);
    process.acquire();
    child.process = &process;  // the thread's reference; the table's is fresh's
  }
  child.process->threads.push_back(child);
  ++child.process->thread_count;
}

}  // namespace

Result<i32> clone(const CloneRequest& request) {
  TRY(check(request));
  Thread& self = current_thread();
  Thread& child = *TRY(make_thread());
  lib::Defer drop_child([&] {
    if (child.memory) child.memory->remove_user();
    discard_thread(child);
  });
  TRY(share_or_copy(request, self, child));
  TRY(copy_thread_state(request, self, child));
  auto entry = TRY(lib::make_own<PidEntry>());
  i32 tid = 0;
  lib::Ref<Process> fresh;
  {
    const i32 number = TRY(lock_table()->allocate(*entry));
    PidEntry* listed = entry.release();
    tid = number;
    lib::Defer drop_number([&] {
      PidEntry* retired = lock_table()->retire(number);
      lib::destroy(retired);
    });
    if (!has(request, kThread)) fresh = TRY(make_process(number, *self.process));
    child.tid = number;
    if (has(request, kParentSettid)) TRY(mm::UserOut<i32>(request.parent_tid).put(number));
    auto table = lock_table();
    if (self.process->is_exiting) return Err(Errno::ERESTARTNOINTR);
    adopt(request, self, child, fresh);
    listed->thread = &child;
    ++table->threads;
    if (fresh) {
      listed->process = fresh.leak();
      ++table->processes;
      ++table->forks;
    }
    drop_number.dismiss();
  }
  drop_child.dismiss();
  if (!has(request, kVfork)) {
    sched::start(child);
    return tid;
  }
  sync::WaitQueue done;
  child.vfork_done = &done;
  const lib::Ref<Process> keep(child.process);
  sched::start(child);
  static_cast<void>(done.wait([&] {
    auto table = lock_table();
    Thread* found = table->thread(tid);
    return found == nullptr || found->process != keep.get() || found->vfork_done != &done;
  }));
  return tid;
}

Result<Thread*> make_first_process(const vfs::Path& root, void (*entry)()) {
  Thread& thread = *TRY(make_thread());
  auto process = TRY(lib::make_ref<Process>(1));
  // As on Linux, init begins in group and session 0, which nobody leads: so that it may make a session of its own.
  auto group = TRY(lib::make_ref<Group>(0));
  auto session = TRY(lib::make_ref<Session>(0));
  auto pid = TRY(lib::make_own<PidEntry>());
  thread.memory = TRY(mm::AddressSpace::create());
  thread.space = thread.memory.get();
  thread.files = TRY(lib::make_ref<FileTable>());
  thread.directories = TRY(lib::make_ref<Directories>());
  thread.directories->set_root(root);
  thread.directories->set_current(root);
  thread.handlers = TRY(lib::make_ref<SignalHandlers>());
  thread.credentials = TRY(lib::make_ref<vfs::Credentials>());
  process->start_time_ns = hal::monotonic_ns();
  process->limits[limit::kStack] = {8 * MiB, limit::kInfinity};
  process->limits[limit::kFiles] = {1024, 4096};
  process->limits[limit::kCore] = {0, limit::kInfinity};
  process->limits[limit::kLockedMemory] = {8 * MiB, 8 * MiB};
  process->limits[limit::kProcesses] = {mm::count_frames().total / 64, mm::count_frames().total / 64};
  process->limits[limit::kPendingSignals] = process->limits[limit::kProcesses];
  process->limits[limit::kNice] = process->limits[limit::kRealtime] = {0, 0};
  auto table = lock_table();
  TRY(table->allocate(*pid));
  PidEntry& listed = *pid.release();
  process->group = group;
  group->members.push_back(*process);
  process->session = session;
  session->members.push_back(*process);
  process->parent = nullptr;
  process->threads.push_back(thread);
  process->thread_count = 1;
  process->acquire();
  thread.process = process.get();
  thread.tid = listed.pid;
  listed.thread = &thread;
  listed.process = process.leak();
  table->threads = table->processes = 1;
  hal::TrapFrame& frame = *hal::user_frame(thread.kernel_stack_top);
  hal::prepare_thread(
      thread.context, reinterpret_cast<VirtAddr>(&frame),
      [](void* function) {
        sched::begin_thread();
        reinterpret_cast<void (*)()>(function)();
        hal::interrupts_disable();
        hal::return_to_user();
      },
      reinterpret_cast<void*>(entry));
  return &thread;
}

}  // namespace proc
