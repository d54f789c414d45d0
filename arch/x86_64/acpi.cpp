#include "arch/x86_64/acpi.hpp"

#include "arch_impl/pte.hpp"
#include "hal/layout.hpp"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "hal/page_table.hpp"
#include "hal/tlb.hpp"

namespace hal::arch {
namespace {

constinit lib::acpi::Tables tables;
constinit lib::acpi::Fadt fadt;

struct ReadAccess {
  u64* table(PhysAddr address) const { return phys_to<u64>(address); }
  PhysAddr allocate() const { return {}; }
};

bool in_direct_map(PhysAddr address, usize size) {
  const PageTableWalker<Pte, ReadAccess> walker(kernel_root(), {});
  for (u64 page = align_down(address.value, kPageSize); page < address.value + size; page += kPageSize) {
    const auto slot = walker.find(kDirectMapBase + page);
    if (!Pte::present(*slot.entry)) return false;
  }
  return true;
}

lib::acpi::Bytes map_direct(void*, PhysAddr address, usize size) {
  if (size > kDirectMapSize || address.value >= kDirectMapSize - size) return {};
  return in_direct_map(address, size) ? lib::acpi::Bytes{phys_to<const u8>(address), size} : lib::acpi::Bytes{};
}

lib::acpi::Bytes map(void*, PhysAddr address, usize size) {
  if (address.value >= kDirectMapSize - size) return {};
  if (const lib::acpi::Bytes direct = map_direct(nullptr, address, size); !direct.empty()) return direct;
  const volatile void* mapped = hal_map_physical(address.value, size, HAL_MMU_READ);
  if (mapped == nullptr) return {};
  return {static_cast<const u8*>(const_cast<const void*>(mapped)), size};
}

}  // namespace

lib::acpi::Tables acpi_boot_tables(PhysAddr rsdp) {
  return rsdp.value == 0 ? lib::acpi::Tables() : lib::acpi::Tables(rsdp, {map_direct, nullptr});
}

void acpi_open(PhysAddr rsdp) {
  if (rsdp.value == 0) return;
  tables = lib::acpi::Tables(rsdp, {map, nullptr});
  if (tables.empty()) {
    hal_log(HAL_LOG_WARNING, "acpi", "the tables behind the RSDP at 0x%lx are damaged: going on without", rsdp.value);
  }
  fadt = lib::acpi::parse_fadt(tables.find(lib::acpi::signature("FACP")));
}

const lib::acpi::Tables& acpi_tables() { return tables; }
const lib::acpi::Fadt& acpi_fadt() { return fadt; }

}  // namespace hal::arch
