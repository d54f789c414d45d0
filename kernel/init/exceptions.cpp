// What the architecture calls when an instruction cannot go on: page faults, exceptions of programs, faults of the
// kernel.

#include "hal/upcalls.hpp"
#include "kernel/diag/panic.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/mm/kernel_map.hpp"
#include "kernel/mm/page_table.hpp"
#include "kernel/proc/process.hpp"
#include "kernel/proc/send_signal.hpp"

namespace kernel {
namespace {

proc::SignalInfo fault_signal(int signal, int code, VirtAddr address) {
  proc::SignalInfo info;
  info.signal = signal;
  info.code = code;
  info.fault.address = address;
  return info;
}

// Sleeping in a fault is possible only where the interrupted code could have slept.
bool may_resolve(const PageFault& fault) {
  const sched::Thread& self = sched::current();
  return self.is_user && self.space != nullptr && (fault.user_mode || self.preempt_count == 0);
}

}  // namespace

bool on_page_fault(hal::TrapFrame&, const PageFault& fault) {
  if (!hal::is_user_range(fault.address, 1) || !may_resolve(fault)) {
    if (fault.user_mode) {
      proc::force_signal(fault_signal(proc::signal_number::kSegv, 1, fault.address));
      return true;
    }
    return false;
  }
  proc::Thread& self = proc::current_thread();
  ++self.minor_faults;
  const u64 stack_limit = self.process->limit_of(proc::limit::kStack);
  const mm::FaultResult result = self.memory->fault(fault.address, {fault.write, fault.execute}, stack_limit);
  if (result.signal == 0) return true;
  if (!fault.user_mode) return false;
  if (result.signal == proc::signal_number::kKill) {
    proc::kill_process(*self.process);
    return true;
  }
  proc::force_signal(fault_signal(result.signal, result.code, fault.address));
  return true;
}

void on_user_exception(hal::TrapFrame&, const UserException& exception) {
  proc::force_signal(fault_signal(exception.signal, exception.code, exception.address));
}

void on_fault(hal::TrapFrame& frame, const char* what) {
  char registers[1024];
  const usize length = hal::registers_text(frame, registers, sizeof(registers) - 1);
  registers[length] = 0;
  diag::panic_with_registers(frame.instruction_pointer(), frame.frame_pointer(), registers, what);
}

void on_nmi(hal::TrapFrame& frame) {
  if (diag::is_panicking()) diag::stop_for_panic();
  static_cast<void>(frame);
}

}  // namespace kernel
