// The early console: the firmware's until devices can be mapped (SBI 2.0, chapter 12: the debug console, or the legacy
// calls where that is missing), then the serial port that /chosen/stdout-path names, a 16550, polled. Without one it
// stays the firmware's, whose input has no interrupt.
//
// State: the port, written once by console_attach(). No lock: the caller (the log) has one, and two CPUs in a panic
// only mix their characters.
#include "arch/riscv64/console.hpp"

#include <atomic>

#include "arch/riscv64/irq.hpp"
#include "arch/riscv64/sbi.hpp"
#include "hal/bus.h"
#include "hal/console.h"
#include "hal/cpu.hpp"
#include "hal/io.h"
#include "hal/mem.h"
#include "hal/mmu.h"

namespace hal::arch {
namespace {

// National Semiconductor PC16550D: registers by number.
enum Register : u8 {
  kData = 0,
  kInterruptEnable = 1,
  kFifoControl = 2,
  kLineControl = 3,
  kModemControl = 4,
  kLineStatus = 5
};
constexpr u8 kDivisorAccess = 0x80, kTransmitEmpty = 0x20, kBreak = 0x10, kReceived = 0x01;

struct Port {
  volatile u8* base = nullptr;
  u32 shift = 0;      // registers are 1 << shift bytes apart
  bool wide = false;  // and take accesses of 32 bits only
  u32 line = 0;       // 0: none
};
constinit Port port;

u8 read(const Port& from, Register number) {
  const volatile u8* place = from.base + (usize{number} << from.shift);
  return from.wide ? static_cast<u8>(hal_mmio_read32(place)) : hal_mmio_read8(place);
}

void write(const Port& to, Register number, u8 value) {
  volatile u8* place = to.base + (usize{number} << to.shift);
  if (to.wide) {
    hal_mmio_write32(place, value);
  } else {
    hal_mmio_write8(place, value);
  }
}

// Reading the line status clears its break bit, and whoever prints reads it, too.
constinit std::atomic<bool> g_break_came = false;
u8 line_status(const Port& from) {
  const u8 status = read(from, kLineStatus);
  if ((status & kBreak) != 0) g_break_came.store(true, std::memory_order_relaxed);
  return status;
}

bool is_16550(const lib::fdt::Tree& tree, lib::fdt::Node node) {
  return tree.is_compatible(node, "ns16550a") || tree.is_compatible(node, "ns16550") ||
         tree.is_compatible(node, "snps,dw-apb-uart");
}

// The speed is left as the firmware set it: the clock behind it is not always described.
void set_up(const Port& to) {
  write(to, kLineControl, read(to, kLineControl) & static_cast<u8>(~kDivisorAccess));
  write(to, kInterruptEnable, 0);
  write(to, kFifoControl, 0x01);   // FIFOs on
  write(to, kModemControl, 0x0b);  // DTR, RTS, OUT2
}

}  // namespace

void console_attach(const lib::fdt::Tree& tree) {
  constexpr usize kRegisters = 8;
  const lib::fdt::Node node = tree.standard_output();
  const auto region = tree.reg(node);
  if (!node || !region || !is_16550(tree, node)) return;
  Port found;
  found.shift = static_cast<u32>(tree.number(node, "reg-shift").value_or(0)) & 3;
  found.wide = tree.number(node, "reg-io-width").value_or(1) == 4;
  found.base = static_cast<volatile u8*>(
      hal_map_physical(region->base, kRegisters << found.shift, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE));
  if (found.base == nullptr) return;
  if (const auto interrupt = tree.interrupt(node)) found.line = irq_line_of(*interrupt);
  set_up(found);
  port = found;
}

}  // namespace hal::arch

extern "C" {

void hal_console_putc(char c) {
  using namespace hal::arch;
  if (port.base == nullptr) {
    sbi_put_char(c);
    return;
  }
  // One character takes 87 us at 115200 baud; a register access at least some 10 ns.
  for (int tries = 0; tries < 100'000 && (line_status(port) & kTransmitEmpty) == 0; ++tries) hal::relax();
  write(port, kData, static_cast<u8>(c));
}

int hal_console_getc(void) {
  using namespace hal::arch;
  if (port.base == nullptr) return sbi_get_char();
  if ((line_status(port) & kReceived) == 0) return -1;
  const u8 byte = read(port, kData);
  // A break arrives as a zero byte.
  return byte == 0 && g_break_came.exchange(false, std::memory_order_relaxed) ? HAL_CONSOLE_BREAK : byte;
}

hal_status_t hal_console_enable_input(uint32_t* irq) {
  using namespace hal::arch;
  constexpr uint8_t kReceiveInterrupt = 1;
  *irq = HAL_NO_IRQ;
  if (port.base == nullptr || port.line == 0) return HAL_OK;
  write(port, kInterruptEnable, kReceiveInterrupt);
  *irq = port.line;
  return HAL_OK;
}

void hal_console_pause_input(bool paused) {
  using namespace hal::arch;
  constexpr uint8_t kReceiveInterrupt = 1;
  if (port.base == nullptr || port.line == 0) return;
  write(port, kInterruptEnable, paused ? 0 : kReceiveInterrupt);
}

}  // extern "C"
