// The early console: the PL011 that firmware names, polled (Arm DDI 0183G). The boot loader or the emulator has
// set its speed.
//
// No lock: the caller (the log) has one, and two CPUs in a panic only mix their characters.
#include "hal/console.h"

#include "arch/aarch64/boot.hpp"
#include "hal/cpu.hpp"
#include "hal/io.h"
#include "hal/layout.hpp"

namespace hal::arch {
namespace {

constexpr usize kData = 0x00, kFlags = 0x18, kControl = 0x30, kInterruptMask = 0x38, kInterruptClear = 0x44;
constexpr u32 kBreakError = 1 << 10;                                                // UARTDR
constexpr u32 kReceiveEmpty = 1 << 4, kTransmitFull = 1 << 5;                       // UARTFR
constexpr u32 kEnable = 1 << 0, kTransmitEnable = 1 << 8, kReceiveEnable = 1 << 9;  // UARTCR
constexpr u32 kReceived = 1 << 4, kReceiveTimeout = 1 << 6;                         // UARTIMSC

// Null if there is no console.
volatile u8* registers() {
  const u64 base = early_boot.console.base.value;
  if (base == 0) return nullptr;
  return reinterpret_cast<volatile u8*>(hal_aarch64_mmu_on != 0 ? kConsoleBase + (base & kPageMask) : base);
}

}  // namespace
}  // namespace hal::arch

extern "C" {

void hal_console_putc(char c) {
  using namespace hal::arch;
  volatile u8* uart = registers();
  if (uart == nullptr) return;
  // One character takes 87 us at 115200 baud.
  for (int tries = 0; tries < 1000000 && (hal_mmio_read32(uart + kFlags) & kTransmitFull) != 0; ++tries) hal::relax();
  hal_mmio_write32(uart + kData, static_cast<u8>(c));
}

int hal_console_getc(void) {
  using namespace hal::arch;
  volatile u8* uart = registers();
  if (uart == nullptr || (hal_mmio_read32(uart + kFlags) & kReceiveEmpty) != 0) return -1;
  const u32 data = hal_mmio_read32(uart + kData);
  return (data & kBreakError) != 0 ? HAL_CONSOLE_BREAK : static_cast<u8>(data);
}

hal_status_t hal_console_enable_input(uint32_t* irq) {
  using namespace hal::arch;
  volatile u8* uart = registers();
  if (uart == nullptr || early_boot.console.line == 0) return HAL_NOT_SUPPORTED;
  *irq = early_boot.console.line;
  hal_mmio_write32(uart + kControl, hal_mmio_read32(uart + kControl) | kEnable | kTransmitEnable | kReceiveEnable);
  hal_mmio_write32(uart + kInterruptClear, kReceived | kReceiveTimeout);
  hal_mmio_write32(uart + kInterruptMask, kReceived | kReceiveTimeout);
  return HAL_OK;
}

void hal_console_pause_input(bool paused) {
  using namespace hal::arch;
  hal_mmio_write32(registers() + kInterruptMask, paused ? 0 : kReceived | kReceiveTimeout);
}

}  // extern "C"
