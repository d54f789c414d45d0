// New threads, and the user registers that live in the CPU rather than in the trap frame: segment bases and FPU.
#include "hal/context.hpp"

#include <cstring>

#include "arch/x86_64/features.hpp"
#include "arch/x86_64/fpu.hpp"
#include "arch/x86_64/gdt.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch/x86_64/segments.hpp"
#include "hal/cpu.hpp"

namespace hal {

using arch::cpu_local;
using arch::CpuLocal;
using arch::features;
using arch::Msr;

extern "C" void hal_x86_thread_start();

namespace {

// With FSGSBASE user mode changes the bases itself, so that they are read back. Without it only arch_prctl() and
// clone() do, which write ThreadState as well. While the kernel runs, IA32_KERNEL_GS_BASE holds the user's GS base;
// swapping it in for one instruction is quicker than the MSR, and an NMI there finds its own way (trap_entry.S).
void save_bases(ThreadState& state) {
  if (!features.fsgsbase) return;
  asm volatile("rdfsbase %0" : "=r"(state.fs_base));
  asm volatile("swapgs\n\trdgsbase %0\n\tswapgs" : "=r"(state.gs_base) : : "memory");
}

void load_bases(const ThreadState& state) {
  if (features.fsgsbase) {
    asm volatile("wrfsbase %0" : : "r"(state.fs_base));
    asm volatile("swapgs\n\twrgsbase %0\n\tswapgs" : : "r"(state.gs_base) : "memory");
    return;
  }
  arch::write_msr(Msr::FsBase, state.fs_base);
  CpuLocal& local = cpu_local();
  if (local.loaded_gs_base == state.gs_base) return;
  local.loaded_gs_base = state.gs_base;
  arch::write_msr(Msr::KernelGsBase, state.gs_base);
}

}  // namespace

namespace arch {

void set_segment_base(ThreadState& state, bool gs, VirtAddr address) {
  const InterruptGuard guard;
  const bool loaded = cpu_local().user_state == &state;
  if (loaded) save_bases(state);
  (gs ? state.gs_base : state.fs_base) = address;
  if (loaded) load_bases(state);
}

VirtAddr segment_base(const ThreadState& state, bool gs) {
  const InterruptGuard guard;
  ThreadState current = state;
  if (cpu_local().user_state == &state) save_bases(current);
  return gs ? current.gs_base : current.fs_base;
}

}  // namespace arch

void prepare_thread(ThreadState& state, VirtAddr stack_top, ThreadEntry entry, void* argument) {
  struct FirstFrame {  // what hal_switch_stack() pops
    u64 r15, r14, r13, r12, rbx, rbp, return_address;
    u64 padding;  // entry(argument) is called with the stack aligned
  };
  static_assert(sizeof(FirstFrame) % 16 == 0);
  auto* frame = reinterpret_cast<FirstFrame*>(stack_top) - 1;
  *frame = {};
  frame->r12 = reinterpret_cast<u64>(entry);
  frame->r13 = reinterpret_cast<u64>(argument);
  frame->return_address = reinterpret_cast<u64>(hal_x86_thread_start);
  state.stack_pointer = reinterpret_cast<VirtAddr>(frame);
}

void reset_user_registers(TrapFrame& frame, ThreadState& state, VirtAddr entry, VirtAddr stack) {
  frame = {};
  frame.orig_rax = TrapFrame::kNoSyscall;
  frame.rip = entry;
  frame.cs = TrapFrame::kUserCode;
  frame.rflags = TrapFrame::kFlagFixed | TrapFrame::kFlagInterrupt;
  frame.rsp = stack;
  frame.ss = TrapFrame::kUserData;
  const InterruptGuard guard;
  state.fs_base = state.gs_base = 0;
  if (cpu_local().user_state == &state) {
    arch::fpu_discard();
    load_bases(state);
  }
  if (state.fpu_area != nullptr) arch::fpu_reset(state.fpu_area);
}

Status fork_user_state(ThreadState& parent, ThreadState& child) {
  const InterruptGuard guard;
  arch::fpu_put_away();
  save_bases(parent);
  child.fs_base = parent.fs_base;
  child.gs_base = parent.gs_base;
  if (child.fpu_area == nullptr) return {};
  if (parent.fpu_area != nullptr && arch::fpu_used(parent.fpu_area)) {
    std::memcpy(child.fpu_area, parent.fpu_area, fpu_area_size());
  } else {
    arch::fpu_reset(child.fpu_area);
  }
  return {};
}

void release_user_state(ThreadState&) {}

void set_user_thread_pointer(TrapFrame&, ThreadState& state, VirtAddr value) {
  arch::set_segment_base(state, false, value);
}

VirtAddr user_thread_pointer(const TrapFrame&, const ThreadState& state) { return arch::segment_base(state, false); }

void leave_user_state(ThreadState& leaving) {
  CpuLocal& local = cpu_local();
  if (local.user_state != &leaving) return;  // it never got as far as user mode
  arch::fpu_put_away();
  save_bases(leaving);
  local.user_state = nullptr;
}

void enter_user_state(ThreadState& entering, VirtAddr kernel_stack_top) {
  CpuLocal& local = cpu_local();
  local.user_state = &entering;
  local.tss.rsp[0] = kernel_stack_top;
  asm volatile("movq %0, %%gs:%c1" : : "r"(kernel_stack_top), "i"(kCpuKernelStackOffset) : "memory");
  load_bases(entering);
}

}  // namespace hal
