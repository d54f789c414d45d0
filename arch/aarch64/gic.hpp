// The two interrupt controllers, GICv3 (Arm IHI 0069H) and GICv2 (IHI 0048B), side by side: irq.cpp asks one or the
// other.
//
// INTIDs are the lines of hal/irq.h: 0-15 are sent by software (IPIs), 16-31 are each CPU's own, from 32 on shared. All
// have the same priority. Distributor and redistributor registers that several CPUs write are write-one-to-set or
// -clear, or belong to one line whose owner writes them, so that nothing here locks. Interrupts off, but for what says
// otherwise. GICv3's lines from 8192 on (LPIs) are messages: lpi.hpp, its.hpp.
#pragma once

#include "arch/aarch64/cpu.hpp"
#include "hal/io.h"
#include "kernel/lib/fdt/tree.hpp"  // for Region alone: gic_description.hpp has who tells of them

namespace hal::arch {

inline constexpr u32 kFirstPrivateLine = 16;
inline constexpr u32 kFirstSharedLine = 32;
inline constexpr u32 kFirstSpecialLine = 1020;  // from here on: no interrupt
inline bool is_private_line(u32 line) { return line >= kFirstPrivateLine && line < kFirstSharedLine; }

// The distributor's registers that both versions have (IHI 0048B table 4-1; IHI 0069H table 12-25).
namespace gicd {
inline constexpr usize kControl = 0x000, kType = 0x004, kGroup = 0x080, kSetEnable = 0x100, kClearEnable = 0x180;
inline constexpr usize kClearPending = 0x280, kClearActive = 0x380, kPriority = 0x400, kTargets = 0x800;
inline constexpr usize kConfiguration = 0xc00, kSoftware = 0xf00, kRoute = 0x6000;
}  // namespace gicd
inline constexpr u32 kPriorityOfAll = 0xa0a0'a0a0;

// GICv3's redistributor (IHI 0069H tables 12-27, 12-29): the frame for control, and behind it the one for private
// lines.
namespace gicr {
inline constexpr usize kControl = 0x00, kType = 0x08, kWake = 0x14, kLpiSettings = 0x70, kLpisPending = 0x78;
inline constexpr usize kFrame = 64 * KiB, kPrivate = kFrame;
inline constexpr u64 kTypeLpis = 1 << 0, kTypeVirtual = 1 << 1, kTypeLast = 1 << 4;
inline constexpr u32 kProcessorSleep = 1 << 1, kChildrenAsleep = 1 << 2;
}  // namespace gicr

// How a shared line asks for attention: 2 bits of GICD_ICFGR for each. Other lines share the register: the caller sees
// to it that nobody else writes there.
inline void set_trigger(volatile u8* distributor, u32 line, bool edge) {
  volatile u8* at = distributor + gicd::kConfiguration + line / 16 * 4;
  const u32 bit = u32{2} << line % 16 * 2, old = hal_mmio_read32(at);
  const u32 wanted = edge ? old | bit : old & ~bit;
  if (wanted != old) hal_mmio_write32(at, wanted);
}

// The boot CPU makes one of the two work, once. GICv3 from the distributor on: false where the CPUs have no registers
// for it; then the redistributors, frame by frame, `stride` apart (0: as they say themselves) until one says that it is
// the last; then all shared lines are masked and the distributor is on. GICv2 in one step.
bool gic_v3_open(lib::fdt::Region distributor);
void gic_v3_add_redistributors(lib::fdt::Region region, u64 stride);
void gic_v3_start();
bool gic_v2_start(lib::fdt::Region distributor, lib::fdt::Region interface);

// The calling CPU's part. False where the machine does not describe it.
bool gic_v3_init_cpu(CpuLocal& local);
bool gic_v2_init_cpu(CpuLocal& local);

// The interrupt to handle, to be given back to ..._end() as it is; the line is in the low 24 (GICv3) or 10 bits.
u32 gic_v3_acknowledge();
u32 gic_v2_acknowledge();
void gic_v3_end(u32 acknowledged);
void gic_v2_end(u32 acknowledged);

void gic_v3_send(const CpuLocal& target, u32 line);
void gic_v2_send(const CpuLocal& target, u32 line);

// What the rooms for messages want to know: GICD_TYPER, redistributors found, the end of the shared lines.
u32 gic_v3_type();
u32 gic_v3_cpus();
u32 gic_v3_lines();
u32 gic_v2_lines();

// A masked shared line, which belongs to the caller: triggered like that from now on (one CPU at a time), and rid of
// what is pending and on its way to that CPU from now on (any context).
void gic_v3_set_trigger(u32 line, bool edge);
void gic_v2_set_trigger(u32 line, bool edge);
void gic_v3_route(u32 line, const CpuLocal& target);
void gic_v2_route(u32 line, const CpuLocal& target);

// Any context. A private line is the calling CPU's. False for a line that does not exist.
bool gic_v3_set_masked(u32 line, bool masked);
bool gic_v2_set_masked(u32 line, bool masked);

}  // namespace hal::arch
