// The inline part of hal/cpu.hpp on RISC-V.
//
// In kernel mode tp is the address of the current thread's ThreadAnchor, always; the CPU is what that points at. The
// compiler leaves tp alone (RISC-V psABI 1.0, 1.1: unallocatable), since nothing here uses thread-local variables.
#pragma once

#include "hal/anchor.hpp"

namespace hal::arch {

register ThreadAnchor* thread_register asm("tp");

inline ThreadAnchor* current_thread() { return thread_register; }
inline void set_current_thread(ThreadAnchor* thread) {
  thread_register = thread;
  asm volatile("" : : : "memory");
}

inline CpuAnchor* current_cpu() { return *const_cast<CpuAnchor* volatile*>(&thread_register->cpu); }

// sstatus.SIE is bit 1 (privileged specification 20240411, 12.1.1).
inline bool interrupts_enabled() {
  u64 status;
  asm volatile("csrr %0, sstatus" : "=r"(status) : : "memory");
  return (status & 2) != 0;
}
inline void interrupts_enable() { asm volatile("csrsi sstatus, 2" : : : "memory"); }
inline void interrupts_disable() { asm volatile("csrci sstatus, 2" : : : "memory"); }

// WFI ends when an interrupt that sie enables is pending, whatever sstatus.SIE says (privileged specification, 3.3.3):
// so it waits with interrupts off, and none can come between the two.
inline void wait_for_interrupt() { asm volatile("wfi\n\tcsrsi sstatus, 2" : : : "memory"); }

// PAUSE, a hint that CPUs without Zihintpause execute as a FENCE without effect.
inline void relax() { asm volatile(".4byte 0x0100000f" : : : "memory"); }

// psABI 1.0, 1.4: s0 points at the end of the frame, below which lie the return address and the caller's s0.
struct FrameLink {
  VirtAddr caller_frame = 0;
  VirtAddr return_address = 0;
};
inline FrameLink frame_link(VirtAddr frame_pointer, VirtAddr low, VirtAddr high) {
  constexpr usize kRecordSize = 16;
  if (frame_pointer % 8 != 0 || frame_pointer > high || frame_pointer < kRecordSize ||
      frame_pointer - kRecordSize < low) {
    return {};
  }
  const auto* end = reinterpret_cast<const VirtAddr*>(frame_pointer);
  return {end[-2], end[-1]};
}
inline VirtAddr current_frame_pointer() { return reinterpret_cast<VirtAddr>(__builtin_frame_address(0)); }

void set_boot_anchors(CpuAnchor* cpu, ThreadAnchor* thread);

}  // namespace hal::arch
