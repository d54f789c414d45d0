// From the trap to the call.

#include "hal/upcalls.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/proc/process.hpp"
#include "kernel/syscall/table.hpp"

namespace syscall {
namespace {

// One line for each number that nobody implements, so that a missing call is seen and does not fill the log.
void report_unknown(u64 number) {
  constexpr usize kNumbers = 1024;
  static std::atomic<u64> seen[kNumbers / 64];
  if (number >= kNumbers) return;
  const u64 bit = u64{1} << (number % 64);
  if ((seen[number / 64].fetch_or(bit, std::memory_order_relaxed) & bit) != 0) return;
  LOG_DEBUG("syscall", "%s (pid %d) wants call %lu, which does not exist here", sched::current().name,
            proc::current_process().pid, number);
}

}  // namespace
}  // namespace syscall

void kernel::on_syscall(hal::TrapFrame& frame) {
  using namespace syscall;
  const u64 number = frame.syscall_number();
  if (number >= kTableSize || kTable[number].call == nullptr) [[unlikely]] {
    report_unknown(number);
    frame.set_result(-static_cast<i64>(Errno::ENOSYS));
    return;
  }
  const Result<i64> result = kTable[number].call(frame);
  if (result) [[likely]] {
    frame.set_result(*result);
    return;
  }
  frame.set_result(-static_cast<i64>(result.error()));
  if (result.error() >= Errno::ERESTARTSYS) proc::current_thread().in_syscall = true;
}
