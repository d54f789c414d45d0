// Registers that hold the place of a table which the interrupt controller itself reads and writes (IHI 0069H 12.11,
// 12.19). They share the form of the address and of the field for shareability; where the one for cacheability is, the
// caller says. No state, no locks.
#pragma once

#include "arch/aarch64/cache.hpp"
#include "hal/io.h"
#include "hal/layout.hpp"

namespace hal::arch {

// All RAM is in the direct map, so that no physical address is longer than what every such register has room for.
static_assert(kDirectMapSize <= u64{1} << 48);

// Writes the register with the table's address, as memory that is cached and shared with the CPUs; where the controller
// cannot (it does not keep the shareability), as memory past the caches. So the CPUs clean what they write there. What
// the register says in the end. `inner_cache` is the lowest bit of that field; outer caches do as the inner ones.
inline u64 write_table_register(volatile u8* at, u64 value, const void* table, unsigned inner_cache) {
  constexpr u64 kWriteBack = 7, kNonCacheable = 1, kInnerShareable = 1 << 10, kShareability = 3 << 10;
  value |= virt_to_phys(table).value;
  hal_mmio_write64(at, value | kWriteBack << inner_cache | kInnerShareable);
  const u64 kept = hal_mmio_read64(at);
  if ((kept & kShareability) != 0) return kept;
  hal_mmio_write64(at, value | kNonCacheable << inner_cache);
  return hal_mmio_read64(at);
}

}  // namespace hal::arch
