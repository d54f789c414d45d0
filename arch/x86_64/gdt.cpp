#include "arch/x86_64/gdt.hpp"

#include "arch/x86_64/idt.hpp"
#include "arch/x86_64/instructions.hpp"
#include "hal/cpu.hpp"
#include "hal/smp.hpp"

namespace hal::arch {

constinit CpuLocal* cpu_locals[kMaxCpus] = {};

namespace {

// Flat segments; in long mode only type, privilege and the L bit count (Intel SDM vol. 3A 3.4.5 and 5.2.1).
constexpr u64 kKernelCode = 0x00af'9b00'0000'ffff;
constexpr u64 kKernelData = 0x00cf'9300'0000'ffff;
constexpr u64 kUserCode32 = 0x00cf'fb00'0000'ffff;  // SYSRET's base selector; nobody runs in it
constexpr u64 kUserData = 0x00cf'f300'0000'ffff;
constexpr u64 kUserCode = 0x00af'fb00'0000'ffff;

struct [[gnu::packed]] TablePointer {
  u16 limit;
  u64 base;
};

// A 64-bit TSS descriptor takes two entries (Intel SDM vol. 3A, figure 9-4).
void set_tss(u64* entry, const Tss& tss) {
  const u64 base = reinterpret_cast<u64>(&tss);
  constexpr u64 kLimit = sizeof(Tss) - 1;
  constexpr u64 kAvailableTss = u64{0x89} << 40;
  entry[0] = kLimit | (base & 0xff'ffff) << 16 | kAvailableTss | (base >> 24 & 0xff) << 56;
  entry[1] = base >> 32;
}

// Data that user mode may read, of which the limit alone is ever looked at (LSL, in the vDSO).
u64 cpu_number_segment(u32 cpu, u32 node) {
  constexpr u64 kUserReadOnly = u64{0xf1} << 40;
  const u64 limit = node << CPU_NUMBER_BITS | cpu;
  return kUserReadOnly | (limit & 0xffff) | (limit >> 16 & 0xf) << 48;
}

u64 trap_stack_top(CpuLocal& local, usize index) {
  return reinterpret_cast<u64>(local.trap_stacks[index]) + kTrapStackSize - 16;
}

void publish_anchor(CpuLocal& local, CpuAnchor* cpu) {
  for (usize i = 0; i < kTrapStacks; ++i) *reinterpret_cast<CpuAnchor**>(trap_stack_top(local, i)) = cpu;
}

void load_gdt(CpuLocal& local) {
  const TablePointer pointer{sizeof(local.gdt) - 1, reinterpret_cast<u64>(local.gdt)};
  asm volatile("lgdt %0" : : "m"(pointer) : "memory");
  // CS changes by a far return only; the data segments are null in kernel mode but for SS.
  asm volatile(
      "pushq %0\n\t"
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "lretq\n"
      "1:\n\t"
      "movl %1, %%ss\n\t"
      "movl %2, %%ds\n\t"
      "movl %2, %%es\n\t"
      "movl %2, %%fs\n\t"
      "movl %2, %%gs"
      :
      : "i"(SELECTOR_KERNEL_CODE), "r"(SELECTOR_KERNEL_DATA), "r"(0)
      : "rax", "memory");
  asm volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

}  // namespace

void load_descriptor_tables(CpuLocal& local, CpuAnchor* cpu, ThreadAnchor* thread) {
  local.gdt[SELECTOR_KERNEL_CODE / 8] = kKernelCode;
  local.gdt[SELECTOR_KERNEL_DATA / 8] = kKernelData;
  local.gdt[4] = kUserCode32;
  local.gdt[SELECTOR_USER_DATA / 8] = kUserData;
  local.gdt[SELECTOR_USER_CODE / 8] = kUserCode;
  local.tss.io_map_base = sizeof(Tss);  // beyond the limit: no port is open to user mode
  local.line_in_service = kNoLine;
  set_tss(&local.gdt[SELECTOR_TSS / 8], local.tss);
  for (usize i = 0; i < kTrapStacks; ++i) local.tss.ist[i] = trap_stack_top(local, i);
  load_gdt(local);  // clears the GS base
  cpu->scratch2 = reinterpret_cast<VirtAddr>(&local);
  write_msr(Msr::KernelGsBase, 0);
  write_msr(Msr::GsBase, reinterpret_cast<u64>(cpu));
  set_boot_anchors(cpu, thread);
  load_idt();
}

void set_boot_anchors(CpuAnchor* cpu, ThreadAnchor* thread) {
  CpuLocal& local = cpu_local();
  cpu->scratch2 = reinterpret_cast<VirtAddr>(&local);
  cpu->current = thread;
  cpu->kernel_stack = thread->kernel_stack_top;
  cpu->hardware_id = local.apic_id;
  thread->cpu = cpu;
  local.tss.rsp[0] = thread->kernel_stack_top;
  cpu_locals[cpu->id] = &local;
  publish_anchor(local, cpu);
  write_msr(Msr::GsBase, reinterpret_cast<u64>(cpu));
}

}  // namespace hal::arch

namespace hal {

void show_programs_cpu(u32 cpu, u32 node) {
  arch::cpu_local().gdt[SELECTOR_CPU_NUMBER / 8] = arch::cpu_number_segment(cpu, node);
}

}  // namespace hal
