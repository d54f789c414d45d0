// The inline part of hal/cpu.hpp on AArch64.
//
// In kernel mode TPIDR_EL1 is the address of the current thread's ThreadAnchor, always: it moves with the thread, so
// that neither entries nor a move to another CPU change it. The CPU is what the thread's anchor points at.
#pragma once

#include "hal/anchor.hpp"

namespace hal::arch {

// Neither volatile nor with a clobber, so that the compiler may ask once and keep the answer: it holds for as long as a
// thread executes the function, on whatever CPU. Only code that changes it must not read it on both sides.
inline ThreadAnchor* current_thread() {
  ThreadAnchor* thread;
  asm("mrs %0, tpidr_el1" : "=r"(thread));
  return thread;
}
inline void set_current_thread(ThreadAnchor* thread) { asm volatile("msr tpidr_el1, %0" : : "r"(thread) : "memory"); }

inline CpuAnchor* current_cpu() { return *const_cast<CpuAnchor* volatile*>(&current_thread()->cpu); }

// DAIF.I is bit 7 of the register and bit 1 of the immediate (Arm ARM C5.2.3). FIQ is never used and stays masked.
inline bool interrupts_enabled() {
  u64 flags;
  asm volatile("mrs %0, daif" : "=r"(flags) : : "memory");
  return (flags & (1 << 7)) == 0;
}
inline void interrupts_enable() { asm volatile("msr daifclr, #2" : : : "memory"); }
inline void interrupts_disable() { asm volatile("msr daifset, #2" : : : "memory"); }

// WFI ends when an interrupt is pending, masked or not (Arm ARM D1.6.2): it waits with interrupts off, and none can
// come between the two. The ISB makes sure that it is taken before this returns (D1.3.4.2).
inline void wait_for_interrupt() { asm volatile("dsb sy\n\twfi\n\tmsr daifclr, #2\n\tisb" : : : "memory"); }

inline void relax() { asm volatile("yield" : : : "memory"); }

// AAPCS64 6.4.6: x29 points at a frame record, the caller's x29 and the return address.
struct FrameLink {
  VirtAddr caller_frame = 0;
  VirtAddr return_address = 0;
};
inline FrameLink frame_link(VirtAddr frame_pointer, VirtAddr low, VirtAddr high) {
  constexpr usize kRecordSize = 16;
  if (frame_pointer % 8 != 0 || frame_pointer < low || high < kRecordSize || frame_pointer > high - kRecordSize)
    return {};
  const auto* record = reinterpret_cast<const VirtAddr*>(frame_pointer);
  return {record[0], record[1]};
}
inline VirtAddr current_frame_pointer() { return reinterpret_cast<VirtAddr>(__builtin_frame_address(0)); }

void set_boot_anchors(CpuAnchor* cpu, ThreadAnchor* thread);

}  // namespace hal::arch
