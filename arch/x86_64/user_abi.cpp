// Signals to and from handlers, and the calls that only x86-64 has.
#include "hal/user_abi.hpp"

#include <cstring>

#include "arch/x86_64/features.hpp"
#include "arch/x86_64/fpu.hpp"
#include "arch/x86_64/gdt.hpp"
#include "arch/x86_64/segments.hpp"
#include "arch/x86_64/signal_frame.hpp"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/user_access.hpp"

namespace hal {
namespace {

using arch::features;
using arch::FpuSoftwareBytes;
using arch::SigContext;
using arch::SignalFrame;
using arch::UserContext;

bool write_user(VirtAddr to, const void* from, usize size) {
  return is_user_range(to, size) && hal_copy_to_user(to, from, size) == 0;
}
bool read_user(void* to, VirtAddr from, usize size) {
  return is_user_range(from, size) && hal_copy_from_user(to, from, size) == 0;
}

usize fpu_frame_size() { return features.xsave_size + (features.xsave ? sizeof(arch::kFpuMagic2) : 0); }

// The state with Linux's marks in it.
bool push_fpu(ThreadState& state, VirtAddr to) {
  save_fpu(state);
  arch::fpu_materialize(state.fpu_area);
  if (!write_user(to, state.fpu_area, features.xsave_size)) return false;
  FpuSoftwareBytes marks{};
  if (features.xsave) {
    marks.magic = arch::kFpuMagic1;
    marks.extended_size = static_cast<u32>(fpu_frame_size());
    marks.components = features.xcr0;
    marks.state_size = features.xsave_size;
    if (!write_user(to + features.xsave_size, &arch::kFpuMagic2, sizeof(arch::kFpuMagic2))) return false;
  }
  return write_user(to + arch::kFpuSoftwareBytes, &marks, sizeof(marks));
}

// Null: the frame has no state, so that the handler's return starts from the initial one. Without the marks only the
// legacy region is taken, as on Linux.
bool pop_fpu(ThreadState& state, VirtAddr from) {
  {
    const InterruptGuard guard;
    if (arch::cpu_local().user_state == &state) arch::fpu_discard();
  }
  arch::fpu_reset(state.fpu_area);
  if (from == 0) return true;
  FpuSoftwareBytes marks;
  if (!read_user(&marks, from + arch::kFpuSoftwareBytes, sizeof(marks))) return false;
  usize size = arch::kLegacyFpuSize;
  if (features.xsave && marks.magic == arch::kFpuMagic1 && marks.state_size == features.xsave_size) {
    u32 second;
    if (!read_user(&second, from + marks.state_size, sizeof(second))) return false;
    if (second == arch::kFpuMagic2) size = marks.state_size;
  }
  arch::fpu_materialize(state.fpu_area);
  const bool read = read_user(state.fpu_area, from, size);
  if (size == arch::kLegacyFpuSize) arch::fpu_use_legacy_only(state.fpu_area);
  arch::fpu_sanitize(state.fpu_area);
  arch::fpu_mark_used(state.fpu_area);
  if (!read) arch::fpu_reset(state.fpu_area);
  return read;
}

SigContext save_registers(const TrapFrame& frame, const SignalDelivery& delivery, VirtAddr fpu) {
  constexpr u64 kPageFault = 14;
  constexpr usize kInfoAddress = 16;  // si_addr
  SigContext saved{.r8 = frame.r8,
                   .r9 = frame.r9,
                   .r10 = frame.r10,
                   .r11 = frame.r11,
                   .r12 = frame.r12,
                   .r13 = frame.r13,
                   .r14 = frame.r14,
                   .r15 = frame.r15,
                   .rdi = frame.rdi,
                   .rsi = frame.rsi,
                   .rbp = frame.rbp,
                   .rbx = frame.rbx,
                   .rdx = frame.rdx,
                   .rax = frame.rax,
                   .rcx = frame.rcx,
                   .rsp = frame.rsp,
                   .rip = frame.rip,
                   .rflags = frame.rflags,
                   .cs = TrapFrame::kUserCode,
                   .gs = 0,
                   .fs = 0,
                   .ss = TrapFrame::kUserData,
                   .error = frame.error_code(),
                   .trap_number = frame.vector(),
                   .old_mask = delivery.saved_mask,
                   .cr2 = 0,
                   .fpu_state = fpu,
                   .reserved = {}};
  if (frame.vector() == kPageFault && delivery.info.size() >= kInfoAddress + sizeof(saved.cr2)) {
    std::memcpy(&saved.cr2, delivery.info.data() + kInfoAddress, sizeof(saved.cr2));
  }
  return saved;
}

void restore_registers(TrapFrame& frame, const SigContext& saved) {
  frame.r8 = saved.r8;
  frame.r9 = saved.r9;
  frame.r10 = saved.r10;
  frame.r11 = saved.r11;
  frame.r12 = saved.r12;
  frame.r13 = saved.r13;
  frame.r14 = saved.r14;
  frame.r15 = saved.r15;
  frame.rdi = saved.rdi;
  frame.rsi = saved.rsi;
  frame.rbp = saved.rbp;
  frame.rbx = saved.rbx;
  frame.rdx = saved.rdx;
  frame.rax = saved.rax;
  frame.rcx = saved.rcx;
  frame.rsp = saved.rsp;
  frame.rip = saved.rip;
  frame.rflags = (frame.rflags & ~TrapFrame::kUserFlags) | (saved.rflags & TrapFrame::kUserFlags);
  frame.orig_rax = TrapFrame::kNoSyscall;  // what is in rax now must not look like a call to restart
  frame.leave_fast_path();
}

}  // namespace

Status push_signal_frame(TrapFrame& frame, ThreadState& state, const SignalDelivery& delivery) {
  constexpr usize kRedZone = 128;  // System V ABI x86-64, 3.2.2: below the stack pointer, still the program's
  constexpr usize kFpuAlignment = 64, kStackAlignment = 16;
  VirtAddr top = delivery.stack_top;
  if (!delivery.on_alternate) top -= kRedZone;
  const VirtAddr fpu = align_down(top - fpu_frame_size(), kFpuAlignment);
  // As after a call: the return address on a stack that was aligned before it.
  const VirtAddr place = align_down(fpu - sizeof(SignalFrame), kStackAlignment) - sizeof(VirtAddr);
  if (place > top || place < kPageSize) return Err(Errno::EFAULT);  // wrapped around, or out of stack

  SignalFrame out{};
  out.return_address = delivery.restorer != 0 ? delivery.restorer : delivery.trampoline;
  out.context.flags = arch::kContextHasSs | arch::kContextStrictSs | (features.xsave ? arch::kContextHasXstate : 0);
  out.context.stack_base = delivery.alternate_base;
  out.context.stack_flags = delivery.alternate_flags;
  out.context.stack_size = delivery.alternate_size;
  out.context.registers = save_registers(frame, delivery, fpu);
  out.context.mask = delivery.saved_mask;
  std::memcpy(out.info, delivery.info.data(),
              delivery.info.size() < sizeof(out.info) ? delivery.info.size() : sizeof(out.info));
  if (!push_fpu(state, fpu) || !write_user(place, &out, sizeof(out))) return Err(Errno::EFAULT);

  frame.rdi = static_cast<u64>(delivery.signal);
  frame.rsi = place + offsetof(SignalFrame, info);
  frame.rdx = place + offsetof(SignalFrame, context);
  frame.rax = 0;  // a handler without a prototype may take it for the number of vector arguments
  frame.rsp = place;
  frame.rip = delivery.handler;
  frame.rflags &= ~(TrapFrame::kFlagDirection | TrapFrame::kFlagTrap | u64{1} << 16);  // RF
  frame.orig_rax = TrapFrame::kNoSyscall;
  frame.leave_fast_path();
  return {};
}

Result<SignalReturn> pop_signal_frame(TrapFrame& frame, ThreadState& state) {
  // The handler's return took the first word off.
  const VirtAddr place = frame.rsp - sizeof(VirtAddr);
  UserContext context;
  if (!read_user(&context, place + offsetof(SignalFrame, context), sizeof(context))) return Err(Errno::EFAULT);
  if (!pop_fpu(state, context.registers.fpu_state)) return Err(Errno::EFAULT);
  restore_registers(frame, context.registers);
  return SignalReturn{.mask = context.mask,
                      .alternate_base = context.stack_base,
                      .alternate_size = context.stack_size,
                      .alternate_flags = context.stack_flags};
}

Result<i64> sys_arch_prctl(ThreadState& state, u64 code, VirtAddr address) {
  constexpr u64 kSetGs = 0x1001, kSetFs = 0x1002, kGetFs = 0x1003, kGetGs = 0x1004;
  if (code != kSetGs && code != kSetFs && code != kGetFs && code != kGetGs) return Err(Errno::EINVAL);
  if (code == kSetFs || code == kSetGs) {
    // A kernel address would fault in kernel mode when it is loaded, or worse.
    if (address >= arch::user_end()) return Err(Errno::EPERM);
    arch::set_segment_base(state, code == kSetGs, address);
    return 0;
  }
  const VirtAddr value = arch::segment_base(state, code == kGetGs);
  if (!write_user(address, &value, sizeof(value))) return Err(Errno::EFAULT);
  return 0;
}

Result<i64> sys_riscv_flush_icache(VirtAddr, VirtAddr, u64) { return Err(Errno::ENOSYS); }

}  // namespace hal
