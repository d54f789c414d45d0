#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/probe.hpp"
#include "arch/aarch64/registers.hpp"
#include "hal/io.h"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"

namespace hal::arch {
namespace {

constexpr u32 kEnableGroup1 = 1 << 1 | 1 << 0, kAffinityRouting = 1 << 4, kWritePending = u32{1} << 31;  // GICD_CTLR

// GICD_TYPER.ITLinesNumber.
u32 lines_of(u32 type) {
  const u32 lines = ((type & 0x1f) + 1) * 32;
  return lines < kFirstSpecialLine ? lines : kFirstSpecialLine;
}

volatile u8* distributor;
u32 line_count;

struct Redistributor {
  u64 affinity = 0;
  volatile u8* registers = nullptr;
  PhysAddr base;
};
constinit Redistributor redistributors[kMaxCpus];
constinit u32 redistributor_count = 0;

void wait_for_distributor() {
  for (int tries = 0; tries < 100000 && (hal_mmio_read32(distributor + gicd::kControl) & kWritePending) != 0; ++tries)
    relax();
}

void init_distributor() {
  hal_mmio_write32(distributor + gicd::kControl, 0);
  wait_for_distributor();
  for (u32 line = kFirstSharedLine; line < line_count; line += 32) {
    const usize word = line / 8;
    hal_mmio_write32(distributor + gicd::kClearEnable + word, ~u32{0});
    hal_mmio_write32(distributor + gicd::kClearActive + word, ~u32{0});
    hal_mmio_write32(distributor + gicd::kGroup + word, ~u32{0});
  }
  for (u32 line = kFirstSharedLine; line < line_count; line += 4)
    hal_mmio_write32(distributor + gicd::kPriority + line, kPriorityOfAll);
  wait_for_distributor();
  hal_mmio_write32(distributor + gicd::kControl, kAffinityRouting | kEnableGroup1);
  wait_for_distributor();
  // GICD_IROUTER has the affinity fields where MPIDR_EL1 has them.
  for (u32 line = kFirstSharedLine; line < line_count; ++line)
    hal_mmio_write64(distributor + gicd::kRoute + usize{line} * 8, cpu_affinity());
}

// MPIDR_EL1's form from GICR_TYPER's, where the four levels are adjacent.
u64 affinity_of(u64 type) { return (type >> 32 & 0xff'ffff) | (type >> 56) << 32; }

// Names of the system registers of the CPU interface (IHI 0069H 12.2), which assemblers before Armv8.4 do not know.
#define ICC_PMR_EL1     "s3_0_c4_c6_0"
#define ICC_IAR1_EL1    "s3_0_c12_c12_0"
#define ICC_EOIR1_EL1   "s3_0_c12_c12_1"
#define ICC_BPR1_EL1    "s3_0_c12_c12_3"
#define ICC_CTLR_EL1    "s3_0_c12_c12_4"
#define ICC_SRE_EL1     "s3_0_c12_c12_5"
#define ICC_IGRPEN1_EL1 "s3_0_c12_c12_7"
#define ICC_SGI1R_EL1   "s3_0_c12_c11_5"

void init_cpu_interface() {
  constexpr u64 kUseRegisters = 1 << 0, kAllPriorities = 0xff, kEnable = 1;
  HAL_WRITE_REGISTER(ICC_SRE_EL1, HAL_READ_REGISTER(ICC_SRE_EL1) | kUseRegisters);
  isb();
  HAL_WRITE_REGISTER(ICC_PMR_EL1, kAllPriorities);
  HAL_WRITE_REGISTER(ICC_BPR1_EL1, 0);
  HAL_WRITE_REGISTER(ICC_CTLR_EL1, 0);  // one write ends an interrupt: EOImode 0
  HAL_WRITE_REGISTER(ICC_IGRPEN1_EL1, kEnable);
  isb();
}

void init_redistributor(volatile u8* registers) {
  const u32 wake = hal_mmio_read32(registers + gicr::kWake) & ~gicr::kProcessorSleep;
  hal_mmio_write32(registers + gicr::kWake, wake);
  for (int tries = 0; tries < 100000; ++tries) {
    if ((hal_mmio_read32(registers + gicr::kWake) & gicr::kChildrenAsleep) == 0) break;
    relax();
  }
  volatile u8* own = registers + gicr::kPrivate;
  constexpr u32 kSoftwareLines = 0xffff;
  hal_mmio_write32(own + gicd::kClearEnable, ~kSoftwareLines);
  hal_mmio_write32(own + gicd::kClearActive, ~u32{0});
  hal_mmio_write32(own + gicd::kGroup, ~u32{0});
  for (u32 line = 0; line < kFirstSharedLine; line += 4) hal_mmio_write32(own + gicd::kPriority + line, kPriorityOfAll);
  hal_mmio_write32(own + gicd::kSetEnable, kSoftwareLines);
}

}  // namespace

bool gic_v3_open(lib::fdt::Region region) {
  if (!cpu_has_gic_registers()) return false;
  distributor = map_registers(region.base, region.size, gicd::kType);
  return distributor != nullptr;
}

void gic_v3_add_redistributors(lib::fdt::Region region, u64 stride) {
  constexpr usize kFrames = 2 * gicr::kFrame;
  for (u64 offset = 0; offset + kFrames <= region.size && redistributor_count < kMaxCpus;) {
    volatile u8* registers = map_registers(region.base + offset, kFrames, gicr::kControl);
    if (registers == nullptr) return;
    const u64 type = hal_mmio_read64(registers + gicr::kType);
    redistributors[redistributor_count++] = {affinity_of(type), registers, {region.base + offset}};
    if ((type & gicr::kTypeLast) != 0) return;
    offset += stride != 0 ? stride : (type & gicr::kTypeVirtual) != 0 ? 2 * kFrames : kFrames;
  }
}

void gic_v3_start() {
  line_count = lines_of(hal_mmio_read32(distributor + gicd::kType));
  init_distributor();
  hal_log(HAL_LOG_INFO, "gic", "GICv3: %u lines, %u redistributors", line_count, redistributor_count);
}

bool gic_v3_init_cpu(CpuLocal& local) {
  for (u32 i = 0; i < redistributor_count; ++i) {
    if (redistributors[i].affinity != local.affinity) continue;
    local.redistributor = redistributors[i].registers;
    local.redistributor_base = redistributors[i].base;
  }
  if (local.redistributor == nullptr) return false;
  init_redistributor(local.redistributor);
  init_cpu_interface();
  return true;
}

u32 gic_v3_acknowledge() {
  const u64 line = HAL_READ_REGISTER(ICC_IAR1_EL1);
  // What the interrupt announced is seen by what follows (IHI 0069H 4.1.1).
  asm volatile("dsb sy" : : : "memory");
  return static_cast<u32>(line);
}

void gic_v3_end(u32 acknowledged) {
  HAL_WRITE_REGISTER(ICC_EOIR1_EL1, acknowledged);
  isb();
}

void gic_v3_send(const CpuLocal& target, u32 line) {
  // ICC_SGI1R_EL1: affinities 3, 2, 1, then a list of 16 of the last level.
  const u64 a = target.affinity;
  const u64 level0 = a & 0xff, level1 = a >> 8 & 0xff, level2 = a >> 16 & 0xff, level3 = a >> 32 & 0xff;
  const u64 value =
      level3 << 48 | (level0 >> 4) << 44 | level2 << 32 | u64{line} << 24 | level1 << 16 | u64{1} << (level0 & 15);
  asm volatile("dsb ishst" : : : "memory");  // what was written to memory before is what the target is to see
  HAL_WRITE_REGISTER(ICC_SGI1R_EL1, value);
  isb();
}

u32 gic_v3_type() { return hal_mmio_read32(distributor + gicd::kType); }
u32 gic_v3_cpus() { return redistributor_count; }
u32 gic_v3_lines() { return line_count; }

void gic_v3_set_trigger(u32 line, bool edge) { set_trigger(distributor, line, edge); }

void gic_v3_route(u32 line, const CpuLocal& target) {
  hal_mmio_write32(distributor + gicd::kClearPending + line / 32 * 4, u32{1} << line % 32);
  hal_mmio_write64(distributor + gicd::kRoute + usize{line} * 8, target.affinity);
}

bool gic_v3_set_masked(u32 line, bool masked) {
  if (line < kFirstPrivateLine || line >= line_count) return false;
  const InterruptGuard guard;
  volatile u8* registers = line < kFirstSharedLine ? cpu_local().redistributor + gicr::kPrivate : distributor;
  const usize which = masked ? gicd::kClearEnable : gicd::kSetEnable;
  hal_mmio_write32(registers + which + line / 32 * 4, u32{1} << line % 32);
  return true;
}

}  // namespace hal::arch
