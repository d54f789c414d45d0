// The two small structures whose layout assembly knows.
//
// CpuAnchor is one CPU's own block; the architecture's per-CPU register points at it (GS base, TPIDR_EL1) or reaches it
// through the current thread (tp on RISC-V). ThreadAnchor is the first member of every kernel thread. The kernel
// derives both (sched::Cpu, sched::Thread) and so finds its own structures from the same pointers.
//
// current_thread() is always exact: it is read in one instruction, and a thread that is moved to another CPU stays
// current there. current_cpu() is stable only while preemption is off.
#pragma once

#include <atomic>

#include "kernel/lib/types.hpp"

namespace hal {

struct ThreadAnchor;

struct CpuAnchor {
  ThreadAnchor* current = nullptr;  // the thread that executes on this CPU
  VirtAddr kernel_stack = 0;        // top of the current thread's kernel stack, for the entry from user mode
  VirtAddr scratch = 0;             // for the entry code
  VirtAddr scratch2 = 0;
  u32 id = 0;               // logical number
  u32 interrupt_depth = 0;  // > 0: in an interrupt handler
  u64 hardware_id = 0;      // local APIC id, MPIDR, hart id
};
inline constexpr usize kCpuCurrentOffset = 0;
inline constexpr usize kCpuKernelStackOffset = 8;
inline constexpr usize kCpuScratchOffset = 16;
inline constexpr usize kCpuScratch2Offset = 24;
inline constexpr usize kCpuInterruptDepthOffset = 36;
static_assert(offsetof(CpuAnchor, current) == kCpuCurrentOffset);
static_assert(offsetof(CpuAnchor, kernel_stack) == kCpuKernelStackOffset);
static_assert(offsetof(CpuAnchor, scratch) == kCpuScratchOffset);
static_assert(offsetof(CpuAnchor, scratch2) == kCpuScratch2Offset);
static_assert(offsetof(CpuAnchor, interrupt_depth) == kCpuInterruptDepthOffset);

// Reasons to call on_return_to_user() before user mode is entered again. Any CPU may set them.
enum class ThreadWork : u32 {
  Reschedule = 1 << 0,   // the quantum ended or somebody more urgent waits
  Signal = 1 << 1,       // a signal may be deliverable
  Trace = 1 << 2,        // report system calls to a tracer
  RestoreMask = 1 << 3,  // a temporary signal mask (ppoll, sigsuspend) is to be undone
};

struct ThreadAnchor {
  CpuAnchor* cpu = nullptr;       // the CPU it runs on, or ran on last
  VirtAddr kernel_stack_top = 0;  // 16-byte aligned
  u32 preempt_count = 0;          // > 0: not to be preempted; only the thread itself changes it
  std::atomic<u32> work = 0;      // ThreadWork bits
};
inline constexpr usize kThreadCpuOffset = 0;
inline constexpr usize kThreadKernelStackOffset = 8;
inline constexpr usize kThreadPreemptCountOffset = 16;
inline constexpr usize kThreadWorkOffset = 20;
static_assert(offsetof(ThreadAnchor, cpu) == kThreadCpuOffset);
static_assert(offsetof(ThreadAnchor, kernel_stack_top) == kThreadKernelStackOffset);
static_assert(offsetof(ThreadAnchor, preempt_count) == kThreadPreemptCountOffset);
static_assert(offsetof(ThreadAnchor, work) == kThreadWorkOffset);

// Kernel stacks have this size and start at a multiple of twice it, above an unmapped guard page: the bit
// kKernelStackSize of a stack pointer inside is 0, and of one that ran over into the guard page 1.
inline constexpr usize kKernelStackSize = 16 * KiB;

}  // namespace hal
