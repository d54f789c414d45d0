// hal_cpu_init(): the control registers and tables of one CPU.
#include "arch/x86_64/cpu.hpp"

#include "arch/x86_64/features.hpp"
#include "arch/x86_64/fpu.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch/x86_64/trap.hpp"
#include "arch_impl/counter.hpp"
#include "hal/cpu.h"
#include "hal/cpu.hpp"

extern "C" u8 __boot_stack_end[];

namespace hal::arch {

constinit StartingCpu starting_cpu;

namespace {

constinit CpuLocal boot_cpu_local;
constinit CpuAnchor boot_cpu;
constinit ThreadAnchor boot_thread;

// PAT entries 0 to 7 (Intel SDM vol. 3A 12.12): write-back, write-combining, uncached-, uncached, write-back,
// write-protected, uncached-, write-through. arch_impl/pte.hpp uses 0, 1 and 3.
constexpr u64 kPat = 0x0407'0506'0007'0106;

void set_control_registers() {
  constexpr u64 kCr0WriteProtect = 1 << 16, kCr0AlignmentMask = 1 << 18, kCr0CacheDisable = 1 << 30,
                kCr0NotWriteThrough = 1 << 29;
  constexpr u64 kCr4MachineCheck = 1 << 6, kCr4GlobalPages = 1 << 7, kCr4Umip = 1 << 11, kCr4FsGsBase = 1 << 16;
  constexpr u64 kCr4Smep = 1 << 20, kCr4Smap = 1 << 21;
  constexpr u64 kEferNoExec = 1 << 11;
  write_cr0((read_cr0() | kCr0WriteProtect | kCr0AlignmentMask) & ~(kCr0CacheDisable | kCr0NotWriteThrough));
  u64 cr4 = read_cr4() | kCr4GlobalPages | kCr4MachineCheck;
  if (features.umip) cr4 |= kCr4Umip;
  if (features.fsgsbase) cr4 |= kCr4FsGsBase;
  if (features.smep) cr4 |= kCr4Smep;
  if (features.smap) cr4 |= kCr4Smap;
  write_cr4(cr4);
  write_msr(Msr::Efer, read_msr(Msr::Efer) | kEferNoExec);
  write_msr(Msr::Pat, kPat);
  // A user access that somebody forgot to close before we came.
  if (features.smap) asm volatile("clac" : : : "memory");
}

StartingCpu boot_anchors() {
  boot_thread.kernel_stack_top = reinterpret_cast<VirtAddr>(__boot_stack_end);
  return {&boot_cpu_local, &boot_cpu, &boot_thread};
}

}  // namespace
}  // namespace hal::arch

extern "C" {

hal_status_t hal_cpu_init(void) {
  using namespace hal::arch;
  StartingCpu starting = starting_cpu;
  if (starting.local == nullptr) starting = boot_anchors();
  set_control_registers();
  // The APIC id at reset (CPUID 1, EBX 31-24; leaf 0Bh has all 32 bits where there is an x2APIC).
  starting.local->apic_id = features.x2apic ? cpuid(0xb).edx : cpuid(1).ebx >> 24;
  load_descriptor_tables(*starting.local, starting.cpu, starting.thread);
  enable_syscalls();
  fpu_init_cpu();
  if (features.rdtscp) write_msr(Msr::TscAux, starting.cpu->id);
  return HAL_OK;
}

uint32_t hal_cpu_id(void) { return hal::current_cpu()->id; }
void hal_cpu_relax(void) { hal::relax(); }

}  // extern "C"

namespace hal {

void halt_forever() {
  for (;;) asm volatile("cli\n\thlt" : : : "memory");
}

u64 cycle_counter() { return arch::read_tsc(); }

}  // namespace hal
