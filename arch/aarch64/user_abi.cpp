// Signals to and from handlers.
#include "hal/user_abi.hpp"

#include <algorithm>
#include <cstring>

#include "arch/aarch64/cpu.hpp"
#include "arch/aarch64/fpu.hpp"
#include "arch/aarch64/signal_frame.hpp"
#include "arch/aarch64/syndrome.hpp"
#include "hal/layout.hpp"
#include "hal/user_access.hpp"

namespace hal {
namespace {

using arch::ContextRecord;
using arch::FpuArea;
using arch::FpuRecord;
using arch::SyndromeRecord;
using arch::UserContext;

bool write_user(VirtAddr to, const void* from, usize size) {
  return is_user_range(to, size) && hal_copy_to_user(to, from, size) == 0;
}
bool read_user(void* to, VirtAddr from, usize size) {
  return is_user_range(from, size) && hal_copy_from_user(to, from, size) == 0;
}

bool is_abort(const TrapFrame& frame) {
  const arch::Syndrome syndrome(frame.syndrome);
  return !frame.in_syscall() && (syndrome.is_data_abort() || syndrome.is_instruction_abort());
}

bool push_fpu(ThreadState& state, VirtAddr to) {
  save_fpu(state);
  const FpuArea* area = arch::fpu_area(state);
  FpuRecord record{};
  record.head = {arch::kFpuMagic, sizeof(record)};
  record.status = static_cast<u32>(area->status);
  record.control = static_cast<u32>(area->control);
  std::memcpy(record.registers, area->registers, sizeof(record.registers));
  return write_user(to, &record, sizeof(record));
}

bool pop_fpu(ThreadState& state, VirtAddr from) {
  FpuRecord record;
  if (!read_user(&record, from, sizeof(record))) return false;
  {
    const InterruptGuard guard;
    if (arch::cpu_local().user_state == &state) arch::fpu_discard();
  }
  FpuArea* area = arch::fpu_area(state);
  area->status = record.status;
  area->control = record.control;
  std::memcpy(area->registers, record.registers, sizeof(record.registers));
  return true;
}

// The FPU record; then what the fault was, if there was one; then the end, which is zero.
bool push_records(const TrapFrame& frame, ThreadState& state, VirtAddr to) {
  struct {
    SyndromeRecord syndrome;
    ContextRecord end;
  } tail{};
  if (is_abort(frame)) tail.syndrome = {{arch::kSyndromeMagic, sizeof(tail.syndrome)}, frame.syndrome};
  return push_fpu(state, to) && write_user(to + sizeof(FpuRecord), &tail, sizeof(tail));
}

// Finds the FPU record. Others are passed over; one that leads outside the area is an error, and so is none, as on
// Linux.
bool pop_records(ThreadState& state, VirtAddr from) {
  bool has_fpu = false;
  for (usize at = 0; at + sizeof(ContextRecord) <= arch::kRecordsSize;) {
    ContextRecord head;
    if (!read_user(&head, from + at, sizeof(head))) return false;
    if (head.magic == 0 && head.size == 0) break;
    if (head.size < sizeof(head) || head.size % 16 != 0 || head.size > arch::kRecordsSize - at) return false;
    if (head.magic == arch::kExtraMagic) return false;  // points at more, which only SVE needs
    if (head.magic == arch::kFpuMagic) {
      if (has_fpu || head.size < sizeof(FpuRecord) || !pop_fpu(state, from + at)) return false;
      has_fpu = true;
    }
    at += head.size;
  }
  return has_fpu;
}

UserContext save_registers(const TrapFrame& frame, const SignalDelivery& delivery) {
  constexpr usize kInfoAddress = 16;  // si_addr
  UserContext context{};
  context.stack_base = delivery.alternate_base;
  context.stack_flags = delivery.alternate_flags;
  context.stack_size = delivery.alternate_size;
  context.mask = delivery.saved_mask;
  std::memcpy(context.x, frame.x, sizeof(context.x));
  context.sp = frame.sp;
  context.pc = frame.pc;
  context.pstate = frame.pstate;
  if (is_abort(frame) && delivery.info.size() >= kInfoAddress + sizeof(context.fault_address)) {
    std::memcpy(&context.fault_address, delivery.info.data() + kInfoAddress, sizeof(context.fault_address));
  }
  return context;
}

}  // namespace

Status push_signal_frame(TrapFrame& frame, ThreadState& state, const SignalDelivery& delivery) {
  constexpr usize kStackAlignment = 16;
  const VirtAddr record = align_down(delivery.stack_top, kStackAlignment) - sizeof(arch::FrameRecord);
  const VirtAddr place = record - arch::kFrameSize;
  if (place > delivery.stack_top || place < kPageSize) return Err(Errno::EFAULT);  // wrapped around, or out of stack

  u8 info[arch::kInfoSize] = {};
  std::memcpy(info, delivery.info.data(), std::min(delivery.info.size(), sizeof(info)));
  const UserContext context = save_registers(frame, delivery);
  const arch::FrameRecord link{frame.x[29], frame.x[30]};
  if (!write_user(record, &link, sizeof(link)) || !write_user(place, info, sizeof(info)) ||
      !write_user(place + arch::kFrameContext, &context, sizeof(context)) ||
      !push_records(frame, state, place + arch::kFrameRecords)) {
    return Err(Errno::EFAULT);
  }

  frame.x[0] = static_cast<u64>(delivery.signal);
  frame.x[1] = place;
  frame.x[2] = place + arch::kFrameContext;
  frame.x[29] = record;
  frame.x[30] = delivery.restorer != 0 ? delivery.restorer : delivery.trampoline;
  frame.sp = place;
  frame.pc = delivery.handler;
  frame.pstate &= ~(TrapFrame::kBranchType | TrapFrame::kTagCheckOverride);
  frame.syscall = TrapFrame::kNoSyscall;
  return {};
}

Result<SignalReturn> pop_signal_frame(TrapFrame& frame, ThreadState& state) {
  const VirtAddr place = frame.sp;
  UserContext context;
  if (place % 16 != 0 || !read_user(&context, place + arch::kFrameContext, sizeof(context))) return Err(Errno::EFAULT);
  if (!pop_records(state, place + arch::kFrameRecords)) return Err(Errno::EFAULT);
  std::memcpy(frame.x, context.x, sizeof(frame.x));
  frame.sp = context.sp;
  frame.pc = context.pc;
  frame.pstate = context.pstate & TrapFrame::kUserFlags;  // EL0, AArch64, nothing masked
  frame.syscall = TrapFrame::kNoSyscall;                  // what is in x0 now must not look like a result to restart
  return SignalReturn{.mask = context.mask,
                      .alternate_base = context.stack_base,
                      .alternate_size = context.stack_size,
                      .alternate_flags = context.stack_flags};
}

Result<i64> sys_arch_prctl(ThreadState&, u64, VirtAddr) { return Err(Errno::ENOSYS); }
Result<i64> sys_riscv_flush_icache(VirtAddr, VirtAddr, u64) { return Err(Errno::ENOSYS); }

}  // namespace hal
