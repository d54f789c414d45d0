// New threads, and the user registers that are not in the trap frame: the floating-point and the vector ones.
#include "hal/context.hpp"

#include <cstring>

#include "arch/riscv64/cpu.hpp"
#include "arch/riscv64/csr.hpp"
#include "arch/riscv64/fpu.hpp"
#include "arch/riscv64/vector.hpp"
#include "hal/cpu.hpp"

namespace hal {

using arch::cpu_local;
using arch::CpuLocal;

extern "C" void hal_riscv_thread_start();

void prepare_thread(ThreadState& state, VirtAddr stack_top, ThreadEntry entry, void* argument) {
  struct FirstFrame {  // what hal_switch_stack() loads
    u64 ra;
    u64 s[12];
    u64 padding;
  };
  static_assert(sizeof(FirstFrame) == 112);
  auto* frame = reinterpret_cast<FirstFrame*>(stack_top) - 1;
  *frame = {};
  frame->ra = reinterpret_cast<u64>(hal_riscv_thread_start);
  frame->s[1] = reinterpret_cast<u64>(entry);
  frame->s[2] = reinterpret_cast<u64>(argument);
  state.stack_pointer = reinterpret_cast<VirtAddr>(frame);
}

void reset_user_registers(TrapFrame& frame, ThreadState& state, VirtAddr entry, VirtAddr stack) {
  frame = {};
  frame.pc = entry;
  frame.sp = stack;
  frame.status = TrapFrame::kInterruptBefore | (READ_CSR("sstatus") & TrapFrame::kUserLength);
  if (state.fpu_area != nullptr) std::memset(state.fpu_area, 0, fpu_area_size());
  arch::vector_release(state);
}

Status fork_user_state(ThreadState& parent, ThreadState& child) {
  save_fpu(parent);
  if (child.fpu_area == nullptr) return {};
  if (parent.fpu_area != nullptr) {
    std::memcpy(child.fpu_area, parent.fpu_area, fpu_area_size());
  } else {
    std::memset(child.fpu_area, 0, fpu_area_size());
  }
  return arch::vector_fork(parent, child);
}

void release_user_state(ThreadState& state) { arch::vector_release(state); }

void set_user_thread_pointer(TrapFrame& frame, ThreadState&, VirtAddr value) { frame.tp = value; }
VirtAddr user_thread_pointer(const TrapFrame& frame, const ThreadState&) { return frame.tp; }

void leave_user_state(ThreadState& leaving) {
  CpuLocal& local = cpu_local();
  if (local.user_state != &leaving) return;  // it never got as far as user mode
  TrapFrame& frame = *user_frame(current_thread()->kernel_stack_top);
  arch::fpu_put_away(frame, leaving);
  arch::vector_put_away(frame, leaving);
  local.user_state = nullptr;
}

void enter_user_state(ThreadState& entering, VirtAddr kernel_stack_top) {
  cpu_local().user_state = &entering;
  // A new thread's frame is a copy of its parent's, whose registers were perhaps in the CPU.
  TrapFrame& frame = *user_frame(kernel_stack_top);
  frame.set_fpu_status(TrapFrame::kFpuOff);
  frame.set_vector_status(TrapFrame::kVectorOff);
}

}  // namespace hal
