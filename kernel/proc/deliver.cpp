// The way back to user mode: signals are delivered, system calls restarted, threads stopped or ended.

#include "hal/upcalls.hpp"
#include "hal/user_abi.hpp"
#include "kernel/proc/exit.hpp"
#include "kernel/proc/job_control.hpp"
#include "kernel/proc/program.hpp"
#include "kernel/proc/send_signal.hpp"
#include "kernel/sched/scheduler.hpp"

namespace proc {
namespace {

using namespace signal_number;

struct Delivery {
  int signal = 0;  // 0: nothing to do
  SignalAction action;
  SignalInfo info;
};

// The next signal for the calling thread, with its action as it was before SA_RESETHAND.
Delivery take_signal(Thread& self) {
  Delivery delivery;
  QueuedSignal* entry = nullptr;
  {
    auto handlers = self.handlers->state.lock();
    const SignalSet allowed = ~self.blocked | kUnblockable;
    int signal = self.signals.take(allowed, &entry);
    if (signal == 0) signal = self.process->signals.take(allowed, &entry);
    if (signal == 0) return delivery;
    delivery.signal = signal;
    SignalAction& action = handlers->of(signal);
    delivery.action = action;
    const bool caught = action.handler != kDefaultHandler && action.handler != kIgnoreHandler;
    if (caught && (action.flags & action_flag::kResetHand) != 0) action.handler = kDefaultHandler;
  }
  if (entry != nullptr) {
    delivery.info = entry->info;
    lib::destroy(entry);
  }
  delivery.info.signal = delivery.signal;
  return delivery;
}

bool on_alternate_stack(const Thread& self, VirtAddr stack) {
  return self.alternate_stack.size != 0 && stack - self.alternate_stack.base - 1 < self.alternate_stack.size;
}

Status call_handler(Thread& self, hal::TrapFrame& frame, const Delivery& delivery) {
  hal::SignalDelivery request;
  request.signal = delivery.signal;
  request.handler = delivery.action.handler;
  if ((delivery.action.flags & action_flag::kRestorer) != 0) request.restorer = delivery.action.restorer;
  request.trampoline = signal_trampoline(self);
  const u32 restore = static_cast<u32>(hal::ThreadWork::RestoreMask);
  const bool has_saved = (self.work.load(std::memory_order_relaxed) & restore) != 0;
  request.saved_mask = has_saved ? self.saved_mask.bits : self.blocked.bits;
  request.stack_top = frame.stack_pointer();
  const AlternateStack& alternate = self.alternate_stack;
  const bool already_there = on_alternate_stack(self, frame.stack_pointer());
  if ((delivery.action.flags & action_flag::kOnStack) != 0 && alternate.size != 0 && !already_there) {
    request.stack_top = alternate.base + alternate.size;
    request.on_alternate = true;
  }
  request.alternate_base = alternate.base;
  request.alternate_size = alternate.size;
  request.alternate_flags = alternate.size == 0 ? 2 : (already_there ? 1 : alternate.flags);
  request.info = {reinterpret_cast<const u8*>(&delivery.info), sizeof(delivery.info)};
  TRY(hal::push_signal_frame(frame, self.context, request));
  if (has_saved) self.work.fetch_and(~restore, std::memory_order_relaxed);
  auto handlers = self.handlers->state.lock();
  self.blocked = self.blocked | delivery.action.mask;
  if ((delivery.action.flags & action_flag::kNoDefer) == 0) self.blocked.add(delivery.signal);
  self.blocked = self.blocked & ~kUnblockable;
  return {};
}

// What becomes of an interrupted system call, now that it is known whether a handler runs.
void settle_restart(Thread& self, hal::TrapFrame& frame, const Delivery* handled) {
  if (!self.in_syscall) return;
  self.in_syscall = false;
  switch (static_cast<Errno>(-frame.result())) {
    case Errno::ERESTARTNOINTR: frame.restart_syscall(); return;
    case Errno::ERESTARTSYS:
      if (handled == nullptr || (handled->action.flags & action_flag::kRestart) != 0) {
        frame.restart_syscall();
      } else {
        frame.set_result(-static_cast<i64>(Errno::EINTR));
      }
      return;
    case Errno::ERESTARTNOHAND:
    case Errno::ERESTART_RESTARTBLOCK:
      if (handled != nullptr) {
        frame.set_result(-static_cast<i64>(Errno::EINTR));
      } else if (static_cast<Errno>(-frame.result()) == Errno::ERESTARTNOHAND) {
        frame.restart_syscall();
      } else {
        restart_through_block(frame);
      }
      return;
    default: return;
  }
}

[[noreturn]] void die(int signal) {
  // Core files are not written yet (docs/caveats.md); the status says so by leaving the core bit out.
  exit_group(exit_status_of_signal(signal, false));
}

// False when nothing is left to deliver.
bool deliver_one(Thread& self, hal::TrapFrame& frame) {
  if (self.process->is_exiting) exit_thread(self.process->exit_status);
  if (self.process->exec_thread != nullptr && self.process->exec_thread != &self) exit_thread(0);
  if (self.process->is_stopped) {
    static_cast<void>(
        self.process->continued.wait([&] { return !self.process->is_stopped || self.process->is_exiting; }));
    return true;
  }
  const Delivery delivery = take_signal(self);
  if (delivery.signal == 0) return false;
  if (delivery.action.handler == kIgnoreHandler && !kUnblockable.has(delivery.signal)) return true;
  if (delivery.action.handler != kDefaultHandler) {
    settle_restart(self, frame, &delivery);
    if (!call_handler(self, frame, delivery)) {
      // The stack cannot take the frame: that is a fault which the program cannot be told of by a handler of its own.
      if (delivery.signal == kSegv) die(kSegv);
      force_signal(kernel_signal(kSegv));
    }
    return true;
  }
  if (self.process->pid == 1 && delivery.info.code <= 0) return true;  // init ignores what it does not catch
  switch (default_action(delivery.signal)) {
    case DefaultAction::Ignore:
    case DefaultAction::Continue: return true;
    case DefaultAction::Stop: stop_current(delivery.signal); return true;
    case DefaultAction::Terminate:
    case DefaultAction::Core: die(delivery.signal);
  }
  return true;
}

void handle_signals(hal::TrapFrame& frame) {
  Thread& self = current_thread();
  self.work.fetch_and(~static_cast<u32>(hal::ThreadWork::Signal), std::memory_order_seq_cst);
  while (deliver_one(self, frame)) {}
  settle_restart(self, frame, nullptr);
  const u32 restore = static_cast<u32>(hal::ThreadWork::RestoreMask);
  if ((self.work.fetch_and(~restore, std::memory_order_relaxed) & restore) != 0) {
    auto handlers = self.handlers->state.lock();
    self.blocked = self.saved_mask;
  }
  recompute_pending();
}

}  // namespace
}  // namespace proc

void kernel::on_return_to_user(hal::TrapFrame& frame) {
  constexpr u32 kReschedule = static_cast<u32>(hal::ThreadWork::Reschedule);
  sched::Thread& self = sched::current();
  if ((self.work.load(std::memory_order_relaxed) & kReschedule) != 0) sched::schedule(true);
  if ((self.work.load(std::memory_order_relaxed) & ~kReschedule) != 0) {
    hal::interrupts_enable();
    proc::handle_signals(frame);
    hal::interrupts_disable();
  }
}
