#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/probe.hpp"
#include "hal/io.h"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"

namespace hal::arch {
namespace {

// The CPU interface (IHI 0048B table 4-2).
namespace gicc {
constexpr usize kControl = 0x00, kPriorityMask = 0x04, kBinaryPoint = 0x08, kAcknowledge = 0x0c, kEnd = 0x10;
}
constexpr u32 kEnable = 1 << 0;

volatile u8* distributor;
volatile u8* interface;
u32 line_count;

u32 lines_of(u32 type) {
  const u32 lines = ((type & 0x1f) + 1) * 32;
  return lines < kFirstSpecialLine ? lines : kFirstSpecialLine;
}

// GICD_ITARGETSR0 to 7 are read-only and name the CPU that reads them (IHI 0048B 4.3.12); 0 where there is only one.
u32 own_target() {
  for (u32 line = 0; line < kFirstSharedLine; line += 4) {
    u32 targets = hal_mmio_read32(distributor + gicd::kTargets + line);
    targets |= targets >> 16;
    targets |= targets >> 8;
    if ((targets & 0xff) != 0) return targets & 0xff;
  }
  return 1;
}

void init_distributor() {
  const u32 target = own_target() * 0x0101'0101;
  hal_mmio_write32(distributor + gicd::kControl, 0);
  for (u32 line = kFirstSharedLine; line < line_count; line += 32) {
    hal_mmio_write32(distributor + gicd::kClearEnable + line / 8, ~u32{0});
    hal_mmio_write32(distributor + gicd::kClearActive + line / 8, ~u32{0});
  }
  for (u32 line = kFirstSharedLine; line < line_count; line += 4) {
    hal_mmio_write32(distributor + gicd::kPriority + line, kPriorityOfAll);
    hal_mmio_write32(distributor + gicd::kTargets + line, target);
  }
  hal_mmio_write32(distributor + gicd::kControl, kEnable);
}

}  // namespace

bool gic_v2_start(lib::fdt::Region first, lib::fdt::Region second) {
  distributor = map_registers(first.base, first.size, gicd::kType);
  interface = map_registers(second.base, second.size, gicc::kControl);
  if (distributor == nullptr || interface == nullptr) return false;
  line_count = lines_of(hal_mmio_read32(distributor + gicd::kType));
  init_distributor();
  hal_log(HAL_LOG_INFO, "gic", "GICv2: %u lines", line_count);
  return true;
}

bool gic_v2_init_cpu(CpuLocal& local) {
  constexpr u32 kSoftwareLines = 0xffff, kAllPriorities = 0xff;
  local.gic_target = own_target();
  hal_mmio_write32(distributor + gicd::kClearEnable, ~kSoftwareLines);
  hal_mmio_write32(distributor + gicd::kClearActive, ~u32{0});
  for (u32 line = 0; line < kFirstSharedLine; line += 4)
    hal_mmio_write32(distributor + gicd::kPriority + line, kPriorityOfAll);
  hal_mmio_write32(distributor + gicd::kSetEnable, kSoftwareLines);
  hal_mmio_write32(interface + gicc::kPriorityMask, kAllPriorities);
  hal_mmio_write32(interface + gicc::kBinaryPoint, 0);
  hal_mmio_write32(interface + gicc::kControl, kEnable);
  return true;
}

u32 gic_v2_acknowledge() {
  const u32 line = hal_mmio_read32(interface + gicc::kAcknowledge);
  hal_mmio_barrier();  // what the interrupt announced is seen by what follows
  return line;
}
void gic_v2_end(u32 acknowledged) { hal_mmio_write32(interface + gicc::kEnd, acknowledged); }

void gic_v2_send(const CpuLocal& target, u32 line) {
  hal_mmio_barrier();  // what was written to memory before is what the target is to see
  hal_mmio_write32(distributor + gicd::kSoftware, target.gic_target << 16 | line);
}

u32 gic_v2_lines() { return line_count; }

void gic_v2_set_trigger(u32 line, bool edge) { set_trigger(distributor, line, edge); }

void gic_v2_route(u32 line, const CpuLocal& target) {
  hal_mmio_write32(distributor + gicd::kClearPending + line / 32 * 4, u32{1} << line % 32);
  hal_mmio_write8(distributor + gicd::kTargets + line, static_cast<u8>(target.gic_target));
}

bool gic_v2_set_masked(u32 line, bool masked) {
  if (line < kFirstPrivateLine || line >= line_count) return false;
  const usize which = masked ? gicd::kClearEnable : gicd::kSetEnable;
  hal_mmio_write32(distributor + which + line / 32 * 4, u32{1} << line % 32);
  return true;
}

}  // namespace hal::arch
