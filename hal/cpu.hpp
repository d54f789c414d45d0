// The calling CPU: interrupts, barriers, the current thread. The inline parts come from the architecture.
//
// <arch_impl/cpu.hpp> offers in hal::arch:
//   ThreadAnchor* current_thread();  CpuAnchor* current_cpu();
//   bool interrupts_enabled();  void interrupts_enable();  void interrupts_disable();
//   void wait_for_interrupt();   enables interrupts and sleeps in one step; returns with interrupts on after one came
//   void relax();
//   struct FrameLink { VirtAddr caller_frame, return_address; };
//   FrameLink frame_link(VirtAddr frame_pointer, VirtAddr low, VirtAddr high);  the frame record of the calling
//   convention;
//                        zeros where it is misaligned or outside [low, high)
//   VirtAddr current_frame_pointer();
//   void set_boot_anchors(CpuAnchor*, ThreadAnchor*);  makes them current on the calling CPU
//   void set_current_thread(ThreadAnchor*);  the scheduler's half of a switch, just before hal_switch_stack(); its cpu
//   is
//                        set already and CpuAnchor::current too; interrupts off
#pragma once

#include <arch_impl/cpu.hpp>

#include "hal/anchor.hpp"

namespace hal {

using arch::current_cpu;
using arch::current_thread;
using arch::interrupts_disable;
using arch::interrupts_enable;
using arch::interrupts_enabled;
using arch::relax;
using arch::wait_for_interrupt;

// Interrupts off for a scope; restores what was before.
class InterruptGuard {
 public:
  InterruptGuard() : were_enabled_(interrupts_enabled()) { interrupts_disable(); }
  ~InterruptGuard() {
    if (were_enabled_) interrupts_enable();
  }
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  bool were_enabled_;
};

// Stops this CPU for good, interrupts off.
[[noreturn]] void halt_forever();

// One word per feature that user programs and /proc/cpuinfo want to know. Written by the architecture.
struct CpuDescription {
  char model[64] = {};
  char vendor[16] = {};
  u32 family = 0, model_number = 0, stepping = 0;
  u64 frequency_hz = 0;  // 0: unknown
};
const CpuDescription& cpu_description();

// The text of /proc/cpuinfo for one CPU, as programs of this architecture expect it. Returns the bytes written, at most
// `capacity`; no NUL.
usize cpu_info_text(u32 cpu, char* buffer, usize capacity);

// A hardware random number; false where the CPU has none or it failed.
bool hardware_random(u64* out);

// A counter for fine measurements: fast, per CPU, unit unspecified (TSC, CNTVCT, time).
u64 cycle_counter();

}  // namespace hal
