// Signals to and from handlers, and the calls that only RISC-V has.
#include "hal/user_abi.hpp"

#include <algorithm>
#include <cstring>

#include "arch/riscv64/features.hpp"
#include "arch/riscv64/fpu.hpp"
#include "arch/riscv64/signal_frame.hpp"
#include "arch/riscv64/vector.hpp"
#include "hal/layout.hpp"
#include "hal/tlb.hpp"
#include "hal/user_access.hpp"

namespace hal {
namespace {

using arch::FpuArea;
using arch::kVectorMagic;
using arch::SigContext;
using arch::SignalFrame;
using arch::StateHeader;
using arch::UserContext;
using arch::VectorArea;

constexpr usize kRegisterBytes = sizeof(SigContext::registers);
static_assert(offsetof(TrapFrame, t6) + sizeof(u64) == kRegisterBytes);

bool write_user(VirtAddr to, const void* from, usize size) {
  return is_user_range(to, size) && hal_copy_to_user(to, from, size) == 0;
}
bool read_user(void* to, VirtAddr from, usize size) {
  return is_user_range(from, size) && hal_copy_from_user(to, from, size) == 0;
}

// What the thread's vector state takes behind the fixed frame, the end mark after it included.
usize vector_room(const ThreadState& state) {
  return state.vector_area == nullptr ? 0 : arch::vector_area_size() + sizeof(StateHeader);
}
StateHeader vector_header() { return {kVectorMagic, static_cast<u32>(sizeof(StateHeader) + arch::vector_area_size())}; }

// The state is saved already; `to` is the end of the fixed frame.
bool write_vector_state(VirtAddr to, const ThreadState& state) {
  const auto& area = *static_cast<const VectorArea*>(state.vector_area);
  const StateHeader end = {};
  VectorArea fixed = area;
  fixed.data = to + sizeof(fixed);
  return write_user(to, &fixed, sizeof(fixed)) &&
         write_user(fixed.data, area.registers, arch::vector_registers_size()) &&
         write_user(fixed.data + arch::vector_registers_size(), &end, sizeof(end));
}

// The registers in the CPU do not count now. Where the program says its state is, as Linux does; what it says of the
// vector unit itself is for the CPU to refuse.
bool read_vector_state(VirtAddr from, ThreadState& state) {
  auto& area = *static_cast<VectorArea*>(state.vector_area);
  StateHeader end;
  VectorArea fixed;
  if (!read_user(&fixed, from, sizeof(fixed))) return false;
  if (!read_user(&end, from + arch::vector_area_size(), sizeof(end)) || end.magic != 0 || end.size != 0) return false;
  if (!read_user(area.registers, fixed.data, arch::vector_registers_size())) return false;
  area.start = fixed.start;
  area.length = fixed.length;
  area.type = fixed.type;
  area.control = fixed.control;
  return true;
}

bool is_end(StateHeader header) { return header.magic == 0 && header.size == 0; }
bool is_vector(StateHeader header, const ThreadState& state) {
  const StateHeader wanted = vector_header();
  return state.vector_area != nullptr && header.magic == wanted.magic && header.size == wanted.size;
}

}  // namespace

Status push_signal_frame(TrapFrame& frame, ThreadState& state, const SignalDelivery& delivery) {
  constexpr usize kStackAlignment = 16;
  const VirtAddr place = align_down(delivery.stack_top - sizeof(SignalFrame) - vector_room(state), kStackAlignment);
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
  if (state.vector_area != nullptr) {
    out.context.context.first = vector_header();
    if (!write_vector_state(place + sizeof(out), state)) return Err(Errno::EFAULT);
  }
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
  // Other state was never handed out.
  if (saved.reserved != 0 || (!is_end(saved.first) && !is_vector(saved.first, state))) return Err(Errno::EFAULT);
  save_fpu(state);
  if (!is_end(saved.first) && !read_vector_state(frame.sp + sizeof(SignalFrame), state)) return Err(Errno::EFAULT);
  std::memcpy(static_cast<void*>(&frame), saved.registers, kRegisterBytes);
  frame.leave_fast_path();
  if (state.fpu_area != nullptr) *static_cast<FpuArea*>(state.fpu_area) = saved.fpu;
  return SignalReturn{.mask = in.mask,
                      .alternate_base = in.stack_base,
                      .alternate_size = in.stack_size,
                      .alternate_flags = in.stack_flags};
}

// The largest frame: with what vector_room() is for a thread that uses the registers.
u64 UserAbi::min_signal_stack() {
  const usize vector = arch::vector_area_size();
  return sizeof(SignalFrame) + (vector == 0 ? 0 : align_up(vector + sizeof(StateHeader), 16));
}

// One bit for each single-letter extension (Linux arch/riscv/include/uapi/asm/hwcap.h).
u64 user_hwcap() {
  const auto bit = [](char letter) { return u64{1} << (letter - 'a'); };
  u64 bits = bit('i') | bit('m') | bit('a') | bit('c');
  if (arch::features.float_double) bits |= bit('f') | bit('d');
  if (arch::features.vector) bits |= bit('v');
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
