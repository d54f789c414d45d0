// The contract of an architecture in one place: a port that lacks something fails here, by name.
//
// The functions declared in hal/*.h and hal/*.hpp fail at link time when they are missing; what <arch_impl/...> offers
// inline is checked by these concepts.
#pragma once

#include <arch_impl/pte.hpp>

#include "hal/context.hpp"
#include "hal/cpu.hpp"
#include "hal/layout.hpp"
#include "hal/page_table.hpp"
#include "hal/timer.hpp"

namespace hal {

// The user registers at a trap, in the form that this architecture's system calls use.
template <class F>
concept TrapFrameOf = requires(F frame, const F constant, VirtAddr address, i64 result, unsigned index) {
  { constant.from_user() } -> std::same_as<bool>;
  { constant.instruction_pointer() } -> std::same_as<VirtAddr>;
  { constant.stack_pointer() } -> std::same_as<VirtAddr>;
  { constant.frame_pointer() } -> std::same_as<VirtAddr>;
  { constant.syscall_number() } -> std::same_as<u64>;
  { constant.syscall_argument(index) } -> std::same_as<u64>;  // index 0 .. 5
  { constant.result() } -> std::same_as<i64>;
  frame.set_instruction_pointer(address);
  frame.set_stack_pointer(address);
  frame.set_result(result);
  frame.restart_syscall_as(u64{});  // back to the instruction, with another call's number
  frame.restart_syscall();  // back to the instruction that made the call, with its number and first argument restored
};

// What a thread keeps of the user program outside the trap frame.
template <class S>
concept ThreadStateOf = requires(S state) {
  { state.fpu_area } -> std::same_as<void*&>;  // fpu_area_size() bytes, or null for kernel threads
};

static_assert(PageTableFormat<arch::Pte>);
static_assert(TrapFrameOf<TrapFrame>);
static_assert(ThreadStateOf<ThreadState>);
static_assert(arch::kVmallocBase % level_size(1) == 0 && arch::kDirectMapBase % level_size(2) == 0);

}  // namespace hal
