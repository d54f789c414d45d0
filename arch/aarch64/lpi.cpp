#include "arch/aarch64/lpi.hpp"

#include <algorithm>
#include <bit>

#include "arch/aarch64/gic.hpp"
#include "arch/aarch64/gic_memory.hpp"
#include "hal/log.h"
#include "hal/mem.h"

namespace hal::arch {
namespace {

// A byte of the settings (IHI 0069H 5.1.1): the priority in its upper bits, bit 1 is one.
constexpr u8 kMasked = (kPriorityOfAll & 0xfc) | 1 << 1, kEnabled = 1 << 0;
constexpr unsigned kInnerCache = 7;  // of GICR_PROPBASER and GICR_PENDBASER (12.11.30, 12.11.32)

// Written once by lpi_init().
constinit u8* settings = nullptr;
constinit unsigned id_bits = 0;  // of INTIDs
constinit u32 end = kFirstLpi;

// How many bits an INTID has. What a distributor could number, 57344 LPIs or millions, says nothing of how many devices
// there are, and some redistributors (QEMU's) look through the whole table of pending ones for each that comes: what
// counts is that drivers ask for as many messages as there are CPUs.
unsigned choose_id_bits(u32 type) {
  constexpr u32 kForEachCpu = 256;
  const unsigned wanted = static_cast<unsigned>(std::bit_width(kFirstLpi + gic_v3_cpus() * kForEachCpu - 1));
  const unsigned offered = (type >> 19 & 0x1f) + 1;  // GICD_TYPER.IDbits
  return std::min(wanted, offered);
}

u32 choose_end(u32 type) {
  const u32 by_bits = u32{1} << id_bits;
  const u32 exponent = type >> 11 & 0x1f;  // GICD_TYPER.num_LPIs; 0: IDbits alone counts
  const u64 by_number = exponent == 0 ? by_bits : kFirstLpi + (u64{1} << (exponent + 1));
  return by_number < by_bits ? static_cast<u32>(by_number) : by_bits;
}

// Firmware, or a kernel before us, may have turned LPIs on; not every redistributor lets go of its tables then.
bool quiet(volatile u8* redistributor) {
  constexpr u32 kEnableLpis = 1 << 0, kWritePending = 1 << 3;
  const u32 control = hal_mmio_read32(redistributor + gicr::kControl);
  if ((control & kEnableLpis) == 0) return true;
  hal_mmio_write32(redistributor + gicr::kControl, control & ~kEnableLpis);
  for (int tries = 0; tries < 100000; ++tries) {
    const u32 now = hal_mmio_read32(redistributor + gicr::kControl);
    if ((now & (kEnableLpis | kWritePending)) == 0) return true;
    relax();
  }
  return false;
}

}  // namespace

Status lpi_init() {
  constexpr u32 kHasLpis = 1 << 17;  // GICD_TYPER.LPIS
  const u32 type = gic_v3_type();
  id_bits = choose_id_bits(type);
  if ((type & kHasLpis) == 0 || u32{1} << id_bits <= kFirstLpi) return Err(Errno::EOPNOTSUPP);
  const usize size = (usize{1} << id_bits) - kFirstLpi;
  auto* table = static_cast<u8*>(hal_alloc(size, kPageSize));
  if (table == nullptr) return Err(Errno::ENOMEM);
  for (usize i = 0; i < size; ++i) table[i] = kMasked;
  clean_to_memory(table, size);
  settings = table;
  end = choose_end(type);
  return {};
}

u32 lpi_end() { return end; }

void lpi_prepare_cpu(CpuLocal& local) {
  constexpr usize kAlignment = 64 * KiB;  // 12.11.30
  if (settings == nullptr) return;
  const usize size = (usize{1} << id_bits) / 8;
  local.pending_lpis = hal_alloc(size, kAlignment);
  if (local.pending_lpis == nullptr) {
    hal_log(HAL_LOG_WARNING, "gic", "no memory for a CPU's table of LPIs: it takes none");
    return;
  }
  clean_to_memory(local.pending_lpis, size);
}

void lpi_init_cpu(CpuLocal& local) {
  constexpr u64 kPendingIsEmpty = u64{1} << 62;  // GICR_PENDBASER.PTZ
  constexpr u32 kEnableLpis = 1 << 0;            // GICR_CTLR
  volatile u8* registers = local.redistributor;
  if (local.pending_lpis == nullptr) return;
  if ((hal_mmio_read64(registers + gicr::kType) & gicr::kTypeLpis) == 0 || !quiet(registers)) {
    hal_log(HAL_LOG_WARNING, "gic", "a redistributor takes no LPIs, or keeps the tables of before");
    return;
  }
  static_cast<void>(write_table_register(registers + gicr::kLpiSettings, id_bits - 1, settings, kInnerCache));
  static_cast<void>(
      write_table_register(registers + gicr::kLpisPending, kPendingIsEmpty, local.pending_lpis, kInnerCache));
  hal_mmio_barrier();
  hal_mmio_write32(registers + gicr::kControl, hal_mmio_read32(registers + gicr::kControl) | kEnableLpis);
  hal_mmio_barrier();
  local.takes_lpis = true;
}

void lpi_write_masked(u32 line, bool masked) {
  u8* setting = settings + (line - kFirstLpi);
  *setting = masked ? kMasked : kMasked | kEnabled;
  clean_to_memory(setting, sizeof(*setting));
}

}  // namespace hal::arch
