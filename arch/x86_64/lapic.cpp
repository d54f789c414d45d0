#include "arch/x86_64/lapic.hpp"

#include "arch/x86_64/features.hpp"
#include "arch/x86_64/idt.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch_impl/pte.hpp"
#include "hal/cpu.hpp"
#include "hal/io.h"
#include "hal/mem.h"
#include "hal/mmu.h"

#include <initializer_list>

namespace hal::arch {
namespace {

// Offsets of the memory interface (Intel SDM vol. 3A, table 11-1); the MSR is 0x800 + offset / 16.
enum class Reg : u32 {
  TaskPriority = 0x80,
  EndOfInterrupt = 0xb0,
  LogicalDestination = 0xd0,
  Spurious = 0xf0,
  ErrorStatus = 0x280,
  CommandLow = 0x300,
  CommandHigh = 0x310,
  LocalTimer = 0x320,
  LocalThermal = 0x330,
  LocalCounter = 0x340,
  LocalPin0 = 0x350,
  LocalPin1 = 0x360,
  LocalError = 0x370,
  TimerInitial = 0x380,
  TimerCurrent = 0x390,
  TimerDivide = 0x3e0,
};

constexpr u32 kMasked = 1 << 16;
constexpr u32 kSoftwareEnable = 1 << 8;
constexpr u32 kTscDeadlineMode = 2 << 17;
constexpr u32 kDivideByOne = 0xb;
constexpr u64 kApicGlobalEnable = 1 << 11, kApicX2Mode = 1 << 10;

// Interrupt command register (figure 11-12).
constexpr u32 kDeliverNmi = 4 << 8, kDeliverInit = 5 << 8, kDeliverStartup = 6 << 8;
constexpr u32 kLevelAssert = 1 << 14, kDeliveryPending = 1 << 12;

constinit volatile u8* registers = nullptr;  // null in x2APIC mode
constinit bool found = false;

u32 read(Reg reg) {
  if (registers == nullptr)
    return static_cast<u32>(read_msr(static_cast<u32>(Msr::X2ApicBase) + (static_cast<u32>(reg) >> 4)));
  return hal_mmio_read32(registers + static_cast<u32>(reg));
}

void write(Reg reg, u32 value) {
  if (registers == nullptr) {
    write_msr(static_cast<u32>(Msr::X2ApicBase) + (static_cast<u32>(reg) >> 4), value);
  } else {
    hal_mmio_write32(registers + static_cast<u32>(reg), value);
  }
}

// An interrupt that arrives between the two writes may send one of its own: interrupts off.
void command(u32 apic_id, u32 low) {
  const InterruptGuard guard;
  // What was written to memory before is what the other CPU is to see; a write to an MSR of the x2APIC does not wait
  // for that by itself (Intel SDM vol. 3A 11.12.3).
  if (registers == nullptr) {
    asm volatile("mfence\n\tlfence" : : : "memory");
    write_msr(static_cast<u32>(Msr::X2ApicBase) + (static_cast<u32>(Reg::CommandLow) >> 4), u64{apic_id} << 32 | low);
    return;
  }
  write(Reg::CommandHigh, apic_id << 24);
  write(Reg::CommandLow, low);
  for (int tries = 0; tries < 100000 && (read(Reg::CommandLow) & kDeliveryPending) != 0; ++tries) relax();
}

}  // namespace

bool lapic_find(PhysAddr address) {
  constexpr usize kSize = 0x400;
  if (!features.x2apic) {
    if (address.value == 0) address = {read_msr(Msr::ApicBase) & Pte::kAddressMask};
    registers = static_cast<volatile u8*>(
        hal_map_physical(address.value, kSize, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE));
    if (registers == nullptr) return false;
  }
  found = true;
  return true;
}

bool lapic_ready() { return found; }

void lapic_init_cpu() {
  u64 base = read_msr(Msr::ApicBase) | kApicGlobalEnable;
  write_msr(Msr::ApicBase, base);
  // From disabled to x2APIC mode only by way of xAPIC mode (figure 11-27).
  if (registers == nullptr) write_msr(Msr::ApicBase, base | kApicX2Mode);
  write(Reg::TaskPriority, 0);
  for (const Reg reg : {Reg::LocalTimer, Reg::LocalPin0, Reg::LocalPin1}) write(reg, kMasked | kVectorSpurious);
  write(Reg::LocalError, kVectorApicError);
  write(Reg::Spurious, kSoftwareEnable | kVectorSpurious);
  write(Reg::ErrorStatus, 0);
  lapic_end_of_interrupt();
}

void lapic_accept_pic() {
  constexpr u32 kExternal = 7 << 8;
  write(Reg::LocalPin0, kExternal);
}

void lapic_end_of_interrupt() { write(Reg::EndOfInterrupt, 0); }

void lapic_send_vector(u32 apic_id, u8 vector) { command(apic_id, kLevelAssert | vector); }
void lapic_send_nmi(u32 apic_id) { command(apic_id, kLevelAssert | kDeliverNmi); }
void lapic_send_init(u32 apic_id) { command(apic_id, kLevelAssert | kDeliverInit); }
void lapic_send_startup(u32 apic_id, u8 page) { command(apic_id, kLevelAssert | kDeliverStartup | page); }

void lapic_timer_one_shot_mode(bool tsc_deadline) {
  write(Reg::TimerDivide, kDivideByOne);
  write(Reg::LocalTimer, (tsc_deadline ? kTscDeadlineMode : 0) | kVectorTimer);
  // A write to the deadline's MSR must not pass this one (11.5.4.1).
  asm volatile("mfence" : : : "memory");
}

void lapic_timer_set(u32 count) { write(Reg::TimerInitial, count); }
u32 lapic_timer_count() { return read(Reg::TimerCurrent); }

}  // namespace hal::arch
