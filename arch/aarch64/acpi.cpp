#include "arch/aarch64/acpi.hpp"

#include "arch/aarch64/probe.hpp"
#include "hal/acpi.hpp"

namespace hal::arch {
namespace {

constinit lib::acpi::Tables tables;

void find_console(const lib::acpi::Tables& early) {
  using lib::acpi::SerialConsole;
  const SerialConsole console = lib::acpi::parse_spcr(early.find(lib::acpi::signature("SPCR")));
  const u64 address = console.registers.address;
  const bool is_memory =
      console.registers.space == lib::acpi::Space::Memory && address != 0 && is_physical(address, kPageSize);
  if (console.kind == SerialConsole::Kind::Pl011 && is_memory) {
    early_boot.console = {{address}, console.line};
  }
}

// ARM boot architecture flags (ACPI 6.5, 5.2.9.4).
void find_firmware(const lib::acpi::Tables& early) {
  constexpr u16 kHasPsci = 1 << 0, kByHvc = 1 << 1;
  const u16 flags = lib::acpi::parse_fadt(early.find(lib::acpi::signature("FACP"))).arm_boot_flags;
  if ((flags & kHasPsci) != 0) early_boot.psci = (flags & kByHvc) != 0 ? PsciConduit::Hvc : PsciConduit::Smc;
}

}  // namespace

void read_early_acpi() {
  lib::efi::MemoryMap map = early_boot.firmware_map();
  const lib::acpi::Tables early(early_boot.info.acpi_rsdp, {identity_map, &map});
  find_console(early);
  find_firmware(early);
}

void acpi_open() { tables = hal::acpi_open(early_boot.info.acpi_rsdp); }
const lib::acpi::Tables& acpi_tables() { return tables; }
lib::acpi::Bytes acpi_madt() { return tables.find(lib::acpi::signature("APIC")); }

}  // namespace hal::arch
