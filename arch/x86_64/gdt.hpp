// Segments, the task state and the block that each CPU owns.
//
// CpuLocal is the architecture's counterpart of the kernel's CpuAnchor, which points at it (scratch2). The boot CPU's
// is static; those of the others are allocated once and live for ever. Only the owning CPU touches its block, with
// interrupts off, but for the atomics.
#pragma once

#include <atomic>

#include "arch/x86_64/asm.h"
#include "hal/anchor.hpp"
#include "hal/context.hpp"

namespace hal::arch {

// Intel SDM vol. 3A, figure 9-11.
struct [[gnu::packed]] Tss {
  u32 reserved0 = 0;
  u64 rsp[3] = {};
  u64 reserved1 = 0;
  u64 ist[7] = {};
  u64 reserved2 = 0;
  u16 reserved3 = 0;
  u16 io_map_base = 0;
};
static_assert(sizeof(Tss) == 104 && offsetof(Tss, rsp) == 4 && offsetof(Tss, ist) == 36);

// Stacks for traps that must not trust the current one, numbered as the IDT's IST field does.
enum class TrapStack : u8 { None = 0, DoubleFault = 1, Nmi = 2, MachineCheck = 3, Debug = 4 };
inline constexpr usize kTrapStacks = 4;
inline constexpr usize kTrapStackSize = 8 * KiB;

inline constexpr usize kGdtEntries = 11;
inline constexpr u32 kNoLine = ~u32{0};

// All zero until load_descriptor_tables(), so that the boot CPU's takes no room in the image file.
struct CpuLocal {
  Tss tss;  // first: LOCAL_TSS_RSP0
  alignas(16) u64 gdt[kGdtEntries] = {};

  ThreadState* user_state = nullptr;  // whose user registers this CPU holds; null in kernel threads
  bool fpu_live = false;              // CR0.TS is clear: the FPU's registers are user_state's
  u64 loaded_gs_base = 0;             // what IA32_KERNEL_GS_BASE holds, where user mode cannot change it

  u64 timer_deadline = 0;  // nanoseconds; 0: nothing armed
  u32 line_in_service = 0;
  u32 apic_id = 0;
  std::atomic<bool> stop_requested = false;
  std::atomic<bool> stop_seen = false;

  // At the top of each stack lies the CPU's CpuAnchor, where the entry code finds it whatever the GS base is.
  alignas(16) u8 trap_stacks[kTrapStacks][kTrapStackSize] = {};
};
static_assert(offsetof(CpuLocal, tss) + offsetof(Tss, rsp) == LOCAL_TSS_RSP0);
static_assert(kCpuScratch2Offset == CPU_LOCAL);

// The calling CPU's block.
inline CpuLocal& cpu_local() {
  CpuLocal* local;
  asm volatile("movq %%gs:%c1, %0" : "=r"(local) : "i"(CPU_LOCAL));
  return *local;
}
inline CpuLocal* cpu_local_of(const CpuAnchor& cpu) { return reinterpret_cast<CpuLocal*>(cpu.scratch2); }

// Fills `local`'s tables and loads them, with `cpu` and `thread` as anchors; then the IDT, which all CPUs share.
// Interrupts off.
void load_descriptor_tables(CpuLocal& local, CpuAnchor* cpu, ThreadAnchor* thread);

// The blocks by logical number; null for a CPU that was never started. Set before the CPU runs, then constant.
extern CpuLocal* cpu_locals[];

}  // namespace hal::arch
