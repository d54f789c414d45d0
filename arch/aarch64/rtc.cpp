// The battery clock: Arm's PL031 (DDI 0224), which counts seconds since 1970; or what UEFI said as it started us, for
// then the clock is the firmware's own.
#include "arch/aarch64/boot.hpp"
#include "hal/io.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "hal/timer.hpp"

namespace hal {

u64 wall_clock_seconds() {
  constexpr usize kData = 0;  // RTCDR
  constexpr u64 kSecond = 1'000'000'000;
  const lib::fdt::Tree tree = arch::device_tree();
  const auto registers = tree.reg(tree.find_compatible("arm,pl031"));
  if (!registers) return arch::early_boot.wall_clock == 0 ? 0 : arch::early_boot.wall_clock + monotonic_ns() / kSecond;
  volatile void* clock = hal_map_physical(registers->base, kPageSize, HAL_MMU_READ | HAL_MMU_DEVICE);
  if (clock == nullptr) return 0;
  const u64 seconds = hal_mmio_read32(static_cast<volatile u8*>(clock) + kData);
  hal_unmap_physical(clock, kPageSize);
  return seconds;
}

}  // namespace hal
