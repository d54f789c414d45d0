// The early console: the first serial port, a 16550 at COM1, polled.
//
// State: whether a port is there, decided once at the first character, by whoever prints it. No lock: the caller (the
// log) has one, and two CPUs in a panic only mix their characters.
#include "hal/console.h"

#include <atomic>

#include "arch/x86_64/instructions.hpp"
#include "arch/x86_64/ioapic.hpp"

namespace hal::arch {
namespace {

// National Semiconductor PC16550D: registers by offset.
constexpr u16 kPort = 0x3f8;
constexpr u16 kData = kPort + 0, kInterruptEnable = kPort + 1, kFifoControl = kPort + 2, kLineControl = kPort + 3;
constexpr u16 kModemControl = kPort + 4, kLineStatus = kPort + 5, kScratch = kPort + 7;
constexpr u8 kDivisorAccess = 0x80, kEightBits = 0x03;
constexpr u8 kTransmitEmpty = 0x20, kBreak = 0x10, kReceived = 0x01;

enum class State : u8 { Unknown, Present, Absent };
constinit State state = State::Unknown;

State set_up() {
  out8(kScratch, 0x5a);
  if (in8(kScratch) != 0x5a) return State::Absent;
  out8(kInterruptEnable, 0);
  out8(kLineControl, kDivisorAccess);
  out8(kData, 1);  // 115200 baud
  out8(kInterruptEnable, 0);
  out8(kLineControl, kEightBits);
  out8(kFifoControl, 0x07);   // FIFOs on and empty
  out8(kModemControl, 0x0b);  // DTR, RTS, and OUT2, which lets the interrupt through on a PC
  return State::Present;
}

// Reading the line status clears its break bit, and whoever prints reads it, too.
constinit std::atomic<bool> g_break_came = false;
u8 line_status() {
  const u8 status = in8(kLineStatus);
  if ((status & kBreak) != 0) g_break_came.store(true, std::memory_order_relaxed);
  return status;
}

bool present() {
  if (state == State::Unknown) state = set_up();
  return state == State::Present;
}

}  // namespace
}  // namespace hal::arch

extern "C" {

void hal_console_putc(char c) {
  using namespace hal::arch;
  if (!present()) return;
  // One character takes 87 us at this speed; a port access about 1 us.
  for (int tries = 0; tries < 10000 && (line_status() & kTransmitEmpty) == 0; ++tries) asm volatile("pause");
  out8(kData, static_cast<u8>(c));
}

int hal_console_getc(void) {
  using namespace hal::arch;
  if (!present() || (line_status() & kReceived) == 0) return -1;
  const u8 byte = in8(kData);
  // A break arrives as a zero byte.
  return byte == 0 && g_break_came.exchange(false, std::memory_order_relaxed) ? HAL_CONSOLE_BREAK : byte;
}

hal_status_t hal_console_enable_input(uint32_t* irq) {
  using namespace hal::arch;
  constexpr u8 kIsaLine = 4, kWhenReceived = 0x01;
  if (!present()) return HAL_NOT_SUPPORTED;
  *irq = line_of_isa(kIsaLine);
  out8(kInterruptEnable, kWhenReceived);
  return HAL_OK;
}

void hal_console_pause_input(bool paused) {
  constexpr uint8_t kWhenReceived = 0x01;
  hal::arch::out8(hal::arch::kInterruptEnable, paused ? 0 : kWhenReceived);
}

}  // extern "C"
