// The battery clock: the Goldfish real-time clock of QEMU's virt machine (Android's goldfish device documentation,
// "RTC"), nanoseconds since 1970.
#include "arch/riscv64/boot.hpp"
#include "hal/io.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "hal/timer.hpp"

namespace hal {

u64 wall_clock_seconds() {
  constexpr usize kTimeLow = 0x00, kTimeHigh = 0x04, kRegisters = 0x20;
  constexpr u64 kNanoseconds = 1'000'000'000;
  const lib::fdt::Tree tree = arch::device_tree();
  const auto region = tree.reg(tree.find_compatible("google,goldfish-rtc"));
  if (!region) return 0;
  auto* registers = static_cast<volatile u8*>(
      hal_map_physical(region->base, kRegisters, HAL_MMU_READ | HAL_MMU_WRITE | HAL_MMU_DEVICE));
  if (registers == nullptr) return 0;
  // Reading the low half holds the high one.
  const u64 low = hal_mmio_read32(registers + kTimeLow);
  const u64 now = u64{hal_mmio_read32(registers + kTimeHigh)} << 32 | low;
  hal_unmap_physical(registers, kRegisters);
  return now / kNanoseconds;
}

}  // namespace hal
