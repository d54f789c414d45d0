// The two interrupt controllers, GICv3 (Arm IHI 0069H) and GICv2 (IHI 0048B), side by side: irq.cpp asks one or the
// other.
//
// INTIDs are the lines of hal/irq.h: 0-15 are sent by software (IPIs), 16-31 are each CPU's own, from 32 on shared. All
// have the same priority. Distributor and redistributor registers that several CPUs write are write-one-to-set or
// -clear, so that nothing here locks. Interrupts off, but for what says otherwise.
#pragma once

#include "arch/aarch64/cpu.hpp"
#include "kernel/lib/fdt/tree.hpp"

namespace hal::arch {

inline constexpr u32 kFirstPrivateLine = 16;
inline constexpr u32 kFirstSharedLine = 32;
inline constexpr u32 kFirstSpecialLine = 1020;  // from here on: no interrupt

// The distributor's registers that both versions have (IHI 0048B table 4-1; IHI 0069H table 12-25).
namespace gicd {
inline constexpr usize kControl = 0x000, kType = 0x004, kGroup = 0x080, kSetEnable = 0x100, kClearEnable = 0x180;
inline constexpr usize kClearPending = 0x280, kClearActive = 0x380, kPriority = 0x400, kTargets = 0x800;
inline constexpr usize kConfiguration = 0xc00, kSoftware = 0xf00, kRoute = 0x6000;
}  // namespace gicd
inline constexpr u32 kPriorityOfAll = 0xa0a0'a0a0;

// True if the tree has one; its registers are mapped and all lines masked then. Boot CPU, once.
bool gic_v3_find(const lib::fdt::Tree& tree);
bool gic_v2_find(const lib::fdt::Tree& tree);

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

// Any context. A private line is the calling CPU's. False for a line that does not exist.
bool gic_v3_set_masked(u32 line, bool masked);
bool gic_v2_set_masked(u32 line, bool masked);

}  // namespace hal::arch
