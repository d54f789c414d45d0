#include "arch/x86_64/idt.hpp"

#include "arch/x86_64/gdt.hpp"
#include "arch/x86_64/instructions.hpp"
#include "arch/x86_64/trap.hpp"

namespace hal::arch {
namespace {

// Intel SDM vol. 3A, figure 7-8.
struct Gate {
  u16 offset_low;
  u16 selector;
  u8 stack;
  u8 type;
  u16 offset_middle;
  u32 offset_high;
  u32 reserved;
};
static_assert(sizeof(Gate) == 16);

constexpr u8 kInterruptGate = 0x8e;      // present, DPL 0: clears IF
constexpr u8 kUserInterruptGate = 0xee;  // DPL 3: INT3 and INTO are allowed

constinit Gate idt[256] = {};

TrapStack stack_for(usize vector) {
  switch (static_cast<Exception>(vector)) {
    case Exception::Debug: return TrapStack::Debug;
    case Exception::Nmi: return TrapStack::Nmi;
    case Exception::DoubleFault: return TrapStack::DoubleFault;
    case Exception::MachineCheck: return TrapStack::MachineCheck;
    default: return TrapStack::None;
  }
}

void build_idt() {
  constexpr usize kStubSize = 16;
  for (usize vector = 0; vector < 256; ++vector) {
    const u64 stub = reinterpret_cast<u64>(hal_x86_trap_stubs) + vector * kStubSize;
    const bool user =
        vector == static_cast<usize>(Exception::Breakpoint) || vector == static_cast<usize>(Exception::Overflow);
    idt[vector] = {
        .offset_low = static_cast<u16>(stub),
        .selector = SELECTOR_KERNEL_CODE,
        .stack = static_cast<u8>(stack_for(vector)),
        .type = user ? kUserInterruptGate : kInterruptGate,
        .offset_middle = static_cast<u16>(stub >> 16),
        .offset_high = static_cast<u32>(stub >> 32),
        .reserved = 0,
    };
  }
}

}  // namespace

void load_idt() {
  // The boot CPU comes first, alone.
  if (idt[0].selector == 0) build_idt();
  struct [[gnu::packed]] {
    u16 limit;
    u64 base;
  } const pointer{sizeof(idt) - 1, reinterpret_cast<u64>(idt)};
  asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

}  // namespace hal::arch
