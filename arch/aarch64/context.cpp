// New threads, and the user registers that live in the CPU rather than in the trap frame: thread pointer and FPU.
#include "hal/context.hpp"

#include <cstring>

#include "arch/aarch64/cpu.hpp"
#include "arch/aarch64/fpu.hpp"
#include "arch/aarch64/registers.hpp"
#include "hal/cpu.hpp"

namespace hal {

using arch::cpu_local;
using arch::CpuLocal;

extern "C" void hal_aarch64_thread_start();

namespace {

// User mode writes TPIDR_EL0 as it likes.
void save_thread_pointer(ThreadState& state) { state.thread_pointer = HAL_READ_REGISTER("tpidr_el0"); }
void load_thread_pointer(const ThreadState& state) { HAL_WRITE_REGISTER("tpidr_el0", state.thread_pointer); }

}  // namespace

void prepare_thread(ThreadState& state, VirtAddr stack_top, ThreadEntry entry, void* argument) {
  struct FirstFrame {  // what hal_switch_stack() takes
    u64 x29, x30, x19, x20, others[8];
  };
  static_assert(sizeof(FirstFrame) == 96);
  auto* frame = reinterpret_cast<FirstFrame*>(stack_top) - 1;
  *frame = {};
  frame->x19 = reinterpret_cast<u64>(entry);
  frame->x20 = reinterpret_cast<u64>(argument);
  frame->x30 = reinterpret_cast<u64>(hal_aarch64_thread_start);
  state.stack_pointer = reinterpret_cast<VirtAddr>(frame);
}

void reset_user_registers(TrapFrame& frame, ThreadState& state, VirtAddr entry, VirtAddr stack) {
  frame = {};
  frame.syscall = TrapFrame::kNoSyscall;
  frame.pc = entry;
  frame.sp = stack;
  const InterruptGuard guard;
  state.thread_pointer = 0;
  if (cpu_local().user_state == &state) {
    arch::fpu_discard();
    load_thread_pointer(state);
  }
  if (state.fpu_area != nullptr) std::memset(state.fpu_area, 0, fpu_area_size());
}

Status fork_user_state(ThreadState& parent, ThreadState& child) {
  const InterruptGuard guard;
  arch::fpu_put_away();
  save_thread_pointer(parent);
  child.thread_pointer = parent.thread_pointer;
  if (child.fpu_area == nullptr) return {};
  if (parent.fpu_area != nullptr) {
    std::memcpy(child.fpu_area, parent.fpu_area, fpu_area_size());
  } else {
    std::memset(child.fpu_area, 0, fpu_area_size());
  }
  return {};
}

void release_user_state(ThreadState&) {}

void set_user_thread_pointer(TrapFrame&, ThreadState& state, VirtAddr value) {
  const InterruptGuard guard;
  state.thread_pointer = value;
  if (cpu_local().user_state == &state) load_thread_pointer(state);
}

VirtAddr user_thread_pointer(const TrapFrame&, const ThreadState& state) {
  const InterruptGuard guard;
  return cpu_local().user_state == &state ? HAL_READ_REGISTER("tpidr_el0") : state.thread_pointer;
}

void leave_user_state(ThreadState& leaving) {
  CpuLocal& local = cpu_local();
  if (local.user_state != &leaving) return;  // it never got as far as user mode
  arch::fpu_put_away();
  save_thread_pointer(leaving);
  local.user_state = nullptr;
}

// The stack needs no care: SP_EL1 is its top whenever user mode runs.
void enter_user_state(ThreadState& entering, VirtAddr) {
  cpu_local().user_state = &entering;
  load_thread_pointer(entering);
}

}  // namespace hal
