// Reaching ACPI tables once the kernel runs at its own addresses, for the architectures that have them.
//
// The boot code maps what holds tables into the direct map, read-only (kernel/lib/acpi/pieces.hpp finds it). No state;
// what is mapped beyond that stays mapped for ever.
#pragma once

#include <arch_impl/pte.hpp>

#include "hal/layout.hpp"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "hal/page_table.hpp"
#include "hal/tlb.hpp"
#include "kernel/lib/acpi/tables.hpp"

namespace hal {

struct AcpiMapping {
  struct ReadAccess {
    u64* table(PhysAddr address) const { return phys_to<u64>(address); }
    PhysAddr allocate() const { return {}; }
  };

  static bool in_direct_map(PhysAddr address, usize size) {
    const PageTableWalker<arch::Pte, ReadAccess> walker(kernel_root(), {});
    for (u64 page = align_down(address.value, kPageSize); page < address.value + size; page += kPageSize) {
      const auto slot = walker.find(arch::kDirectMapBase + page);
      if (!arch::Pte::present(*slot.entry)) return false;
    }
    return true;
  }
  static bool is_possible(PhysAddr address, usize size) {
    return size <= arch::kDirectMapSize && address.value < arch::kDirectMapSize - size;
  }

  static lib::acpi::Bytes direct(void*, PhysAddr address, usize size) {
    if (!is_possible(address, size) || !in_direct_map(address, size)) return {};
    return {phys_to<const u8>(address), size};
  }
  static lib::acpi::Bytes any(void*, PhysAddr address, usize size) {
    if (!is_possible(address, size)) return {};
    if (const lib::acpi::Bytes mapped = direct(nullptr, address, size); !mapped.empty()) return mapped;
    const volatile void* mapped = hal_map_physical(address.value, size, HAL_MMU_READ);
    if (mapped == nullptr) return {};
    return {static_cast<const u8*>(const_cast<const void*>(mapped)), size};
  }
};

// What the boot code put into the direct map; works before there is memory management.
inline lib::acpi::Tables acpi_boot_tables(PhysAddr rsdp) {
  return rsdp.value == 0 ? lib::acpi::Tables() : lib::acpi::Tables(rsdp, {AcpiMapping::direct, nullptr});
}

// Needs hal_map_physical() for tables that are not there. Says so where the root is damaged.
inline lib::acpi::Tables acpi_open(PhysAddr rsdp) {
  if (rsdp.value == 0) return {};
  const lib::acpi::Tables tables(rsdp, {AcpiMapping::any, nullptr});
  if (tables.empty()) {
    hal_log(HAL_LOG_WARNING, "acpi", "the tables behind the RSDP at 0x%lx are damaged: going on without", rsdp.value);
  }
  return tables;
}

}  // namespace hal
