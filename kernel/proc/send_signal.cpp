#include "kernel/proc/send_signal.hpp"

#include "hal/timer.hpp"
#include "kernel/sched/scheduler.hpp"

namespace proc {
namespace {

using namespace signal_number;
using HandlersGuard = decltype(SignalHandlers::state)::Guard;

constexpr SignalSet kStopSignals = {SignalSet::of(kStop).bits | SignalSet::of(kTstp).bits | SignalSet::of(kTtin).bits |
                                    SignalSet::of(kTtou).bits};

// Makes the thread look at its signals soon. Handlers' lock held.
void notify(Thread& thread) {
  thread.interrupted.store(true, std::memory_order_seq_cst);
  thread.work.fetch_or(static_cast<u32>(hal::ThreadWork::Signal), std::memory_order_seq_cst);
  if (thread.sleep_is_interruptible.load(std::memory_order_seq_cst)) {
    sync::wake(thread);
  } else {
    sched::kick(thread);
  }
}

bool is_ignored(SignalHandlers::State& handlers, const Process& process, int signal) {
  if (kUnblockable.has(signal)) return false;
  const VirtAddr handler = handlers.of(signal).handler;
  if (process.pid == 1 && handler == kDefaultHandler) return true;  // init gets only what it asked for
  if (handler == kIgnoreHandler) return true;
  return handler == kDefaultHandler && default_action(signal) == DefaultAction::Ignore;
}

bool wants(const Thread& thread, int signal) {
  return !thread.is_leaving && (kUnblockable.has(signal) || !thread.blocked.has(signal) || thread.awaited.has(signal));
}

// A blocked signal is kept even if it is ignored now: the action may change before it is unblocked, or somebody waits
// for it with sigtimedwait().
bool is_kept(const Process& process, const Thread* only, int signal) {
  if (only != nullptr) return only->blocked.has(signal);
  bool all_block = true;
  for (const Thread& thread : process.threads) {
    if (thread.awaited.has(signal)) return true;
    all_block = all_block && (thread.is_leaving || thread.blocked.has(signal));
  }
  return all_block;
}

// SIGCONT and stop signals cancel each other, whoever blocks them. Table and handlers locked.
void cancel_opposites(Process& process, int signal) {
  SignalSet dropped;
  if (signal == kCont) dropped = kStopSignals;
  if (kStopSignals.has(signal)) dropped = SignalSet::of(kCont);
  if (dropped.empty()) return;
  process.signals.discard(dropped);
  for (Thread& thread : process.threads) thread.signals.discard(dropped);
}

void continue_process(Process& process) {
  if (!process.is_stopped) return;
  process.is_stopped = false;
  process.continue_unreported = true;
  process.stop_unreported = false;
  process.continued.wake_all();
  if (process.parent != nullptr) process.parent->children_changed.wake_all();
}

// Everything stops waiting and goes to its end. Table locked.
void wake_all_for_death(Process& process) {
  if (!process.is_exiting) process.exit_status = kKill;
  process.is_exiting = true;
  for (Thread& thread : process.threads) {
    static_cast<void>(thread.signals.push(kKill, nullptr));
    notify(thread);
  }
  process.continued.wake_all();
}

// The thread that should take a signal that was sent to the process.
Thread* choose_thread(Process& process, int signal) {
  Thread* self = &current_thread();
  if (sched::current().is_user && self->process == &process && wants(*self, signal)) return self;
  for (Thread& thread : process.threads) {
    if (wants(thread, signal)) return &thread;
  }
  return nullptr;
}

// `entry` is taken over when true is returned.
bool enqueue(SignalQueue& queue, const SignalInfo& info, QueuedSignal* entry) {
  if (entry != nullptr) entry->info = info;
  return queue.push(info.signal, entry);
}

Status send_locked(Process& process, Thread* only, const SignalInfo& info, QueuedSignal*& entry) {
  if (process.threads.empty()) return {};  // a zombie takes it without effect
  Thread& any = only != nullptr ? *only : process.threads.front();
  auto handlers = any.handlers->state.lock();
  cancel_opposites(process, info.signal);
  if (info.signal == kCont) continue_process(process);
  if (info.signal == kKill) {
    wake_all_for_death(process);
    return {};
  }
  if (!is_kept(process, only, info.signal) && is_ignored(*handlers, process, info.signal)) return {};
  if (entry == nullptr && info.signal >= kFirstRealtime) return Err(Errno::EAGAIN);
  SignalQueue& queue = only != nullptr ? only->signals : process.signals;
  if (enqueue(queue, info, entry)) entry = nullptr;
  Thread* target = only != nullptr ? (wants(*only, info.signal) ? only : nullptr) : choose_thread(process, info.signal);
  if (target != nullptr) notify(*target);
  return {};
}

}  // namespace

Status send_to_process_locked(Table&, Process& process, const SignalInfo& info) {
  QueuedSignal* entry = lib::try_new<QueuedSignal>();
  const Status sent = send_locked(process, nullptr, info, entry);
  lib::destroy(entry);
  return sent;
}

bool send_to_group_locked(Table& table, Group& group, const SignalInfo& info) {
  bool any = false;
  for (Process& process : group.members) {
    any = true;
    static_cast<void>(send_to_process_locked(table, process, info));
  }
  return any;
}

Status send_to_thread_by_number(i32 tid, const SignalInfo& info) {
  QueuedSignal* entry = lib::try_new<QueuedSignal>();
  Status sent;
  {
    auto table = lock_table();
    Thread* thread = table->thread(tid);
    sent = thread == nullptr ? Err(Errno::ESRCH) : send_locked(*thread->process, thread, info, entry);
  }
  lib::destroy(entry);
  return sent;
}

Status send_to_thread(Thread& thread, const SignalInfo& info) { return send_to_thread_by_number(thread.tid, info); }

Status send_to_process(Process& process, const SignalInfo& info) {
  auto table = lock_table();
  return send_to_process_locked(*table, process, info);
}

bool send_to_group(Group& group, const SignalInfo& info) {
  auto table = lock_table();
  return send_to_group_locked(*table, group, info);
}

void force_signal(const SignalInfo& info) {
  Thread& self = current_thread();
  {
    auto handlers = self.handlers->state.lock();
    SignalAction& action = handlers->of(info.signal);
    // Nobody may block or ignore a fault: it would happen again at once.
    if (self.blocked.has(info.signal) || action.handler == kIgnoreHandler) {
      action.handler = kDefaultHandler;
      self.blocked.remove(info.signal);
    }
    QueuedSignal* entry = lib::try_new<QueuedSignal>();
    if (!enqueue(self.signals, info, entry)) lib::destroy(entry);
  }
  recompute_pending();
}

void kill_process(Process& process) {
  auto table = lock_table();
  if (process.threads.empty()) return;
  auto handlers = process.threads.front().handlers->state.lock();
  wake_all_for_death(process);
}

void interrupt_thread(Thread& thread) {
  auto handlers = thread.handlers->state.lock();
  notify(thread);
}

SignalInfo kernel_signal(int signal) {
  SignalInfo info;
  info.signal = signal;
  info.code = signal_code::kKernel;
  return info;
}

SignalInfo user_signal(int signal, i32 code) {
  SignalInfo info;
  info.signal = signal;
  info.code = code;
  info.sender.pid = current_process().pid;
  info.sender.uid = current_thread().credentials->uid;
  return info;
}

void recompute_pending() {
  Thread& self = current_thread();
  auto handlers = self.handlers->state.lock();
  const SignalSet ready = (self.signals.pending() | self.process->signals.pending()) & (~self.blocked | kUnblockable);
  if (ready.empty()) {
    self.interrupted.store(false, std::memory_order_relaxed);
    return;
  }
  self.interrupted.store(true, std::memory_order_relaxed);
  self.work.fetch_or(static_cast<u32>(hal::ThreadWork::Signal), std::memory_order_relaxed);
}

Status check_may_signal(Process& target, int signal) {
  const Thread& self = current_thread();
  const vfs::Credentials& mine = *self.credentials;
  if (mine.has(vfs::Capability::Kill)) return {};
  auto table = lock_table();
  if (target.threads.empty()) return {};
  const vfs::Credentials& theirs = *target.threads.front().credentials;
  if (mine.euid == theirs.suid || mine.euid == theirs.uid || mine.uid == theirs.suid || mine.uid == theirs.uid)
    return {};
  if (signal == kCont && target.session == self.process->session) return {};
  return Err(Errno::EPERM);
}

}  // namespace proc
