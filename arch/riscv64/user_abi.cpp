// Signals to and from handlers, and the calls that only RISC-V has.
#include "hal/user_abi.hpp"

#include <algorithm>
#include <cstring>

#include "arch/riscv64/features.hpp"
#include "arch/riscv64/fpu.hpp"
#include "arch/riscv64/signal_frame.hpp"
#include "hal/layout.hpp"
#include "hal/tlb.hpp"
#include "hal/user_access.hpp"

namespace hal {
namespace {

using arch::FpuArea;
using arch::SigContext;
using arch::SignalFrame;
using arch::UserContext;

constexpr usize kRegisterBytes = sizeof(SigContext::registers);
static_assert(offsetof(TrapFrame, t6) + sizeof(u64) == kRegisterBytes);

bool write_user(VirtAddr to, const void* from, usize size) {
  return is_user_range(to, size) && hal_copy_to_user(to, from, size) == 0;
}
bool read_user(void* to, VirtAddr from, usize size) {
  return is_user_range(from, size) && hal_copy_from_user(to, from, size) == 0;
}

}  // namespace

Status push_signal_frame(TrapFrame& frame, ThreadState& state, const SignalDelivery& delivery) {
  constexpr usize kStackAlignment = 16;
  const VirtAddr place = align_down(delivery.stack_top - sizeof(SignalFrame), kStackAlignment);
  if (place > delivery.stack_top || place < kPageSize) return Err(Errno::EFAULT);  // wrapped around, or out of stack

  SignalFrame out{};
  std::memcpy(out.info, delivery.info.data(), std::min(delivery.info.size(), sizeof(out.info)));
  out.context.stack_base = delivery.alternate_base;
  out.context.stack_flags = delivery.alternate_flags;
  out.context.stack_size = delivery.alternate_size;
  out.context.mask = delivery.saved_mask;
  std::memcpy(out.context.context.registers, &frame, kRegisterBytes);
  save_fpu(state);
  if (state.fpu_area != nullptr) out.context.context.fpu = *static_cast<const FpuArea*>(state.fpu_area);
  if (!write_user(place, &out, sizeof(out))) return Err(Errno::EFAULT);

  frame.a0 = static_cast<u64>(delivery.signal);
  frame.a1 = place + offsetof(SignalFrame, info);
  frame.a2 = place + offsetof(SignalFrame, context);
  frame.ra = delivery.restorer != 0 ? delivery.restorer : delivery.trampoline;
  frame.sp = place;
  frame.pc = delivery.handler;
  return {};
}

Result<SignalReturn> pop_signal_frame(TrapFrame& frame, ThreadState& state) {
  UserContext in;
  if (!read_user(&in, frame.sp + offsetof(SignalFrame, context), sizeof(in))) return Err(Errno::EFAULT);
  const SigContext& saved = in.context;
  // Other state than the floating-point registers was never handed out.
  if (saved.reserved != 0 || saved.end_magic != 0 || saved.end_size != 0) return Err(Errno::EFAULT);
  std::memcpy(static_cast<void*>(&frame), saved.registers, kRegisterBytes);
  frame.leave_fast_path();
  save_fpu(state);
  if (state.fpu_area != nullptr) *static_cast<FpuArea*>(state.fpu_area) = saved.fpu;
  return SignalReturn{.mask = in.mask,
                      .alternate_base = in.stack_base,
                      .alternate_size = in.stack_size,
                      .alternate_flags = in.stack_flags};
}

// One bit for each single-letter extension (Linux arch/riscv/include/uapi/asm/hwcap.h).
u64 user_hwcap() {
  const auto bit = [](char letter) { return u64{1} << (letter - 'a'); };
  u64 bits = bit('i') | bit('m') | bit('a') | bit('c');
  if (arch::features.float_double) bits |= bit('f') | bit('d');
  return bits;
}
u64 user_hwcap2() { return 0; }

Result<i64> sys_arch_prctl(ThreadState&, u64, VirtAddr) { return Err(Errno::ENOSYS); }

// A thread may run on another CPU next, so that the flag for "this thread only" is no less work.
Result<i64> sys_riscv_flush_icache(VirtAddr start, VirtAddr end, u64 flags) {
  constexpr u64 kLocal = 1;
  if ((flags & ~kLocal) != 0) return Err(Errno::EINVAL);
  sync_instructions(start, end);
  return 0;
}

}  // namespace hal
