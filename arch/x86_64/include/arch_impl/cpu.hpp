// The inline part of hal/cpu.hpp on x86-64.
//
// In kernel mode the GS base is the address of the CPU's CpuAnchor, always; the user's GS base waits in
// IA32_KERNEL_GS_BASE meanwhile (SWAPGS, Intel SDM vol. 2B).
#pragma once

#include "hal/anchor.hpp"

namespace hal::arch {

// Never defined: stands for what current_thread() depends on, so that the compiler asks again after calls that it
// cannot look into, and need not otherwise.
extern ThreadAnchor* current_thread_slot;

inline ThreadAnchor* current_thread() {
  ThreadAnchor* thread;
  asm("movq %%gs:0, %0" : "=r"(thread) : "m"(current_thread_slot));
  return thread;
}
// CpuAnchor::current, which the scheduler has set, is all there is.
inline void set_current_thread(ThreadAnchor*) { asm volatile("" : : : "memory"); }
static_assert(kCpuCurrentOffset == 0);

inline CpuAnchor* current_cpu() { return *const_cast<CpuAnchor* volatile*>(&current_thread()->cpu); }

inline bool interrupts_enabled() {
  u64 flags;
  asm volatile("pushfq\n\tpopq %0" : "=r"(flags) : : "memory");
  return (flags & (1 << 9)) != 0;
}
inline void interrupts_enable() { asm volatile("sti" : : : "memory"); }
inline void interrupts_disable() { asm volatile("cli" : : : "memory"); }

// STI holds interrupts off for one more instruction (Intel SDM vol. 2B, STI): none can come between the two.
inline void wait_for_interrupt() { asm volatile("sti\n\thlt" : : : "memory"); }

inline void relax() { asm volatile("pause" : : : "memory"); }

// The System V ABI with frame pointers: rbp points at the caller's rbp, above which lies the return address.
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
