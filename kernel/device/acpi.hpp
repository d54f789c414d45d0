// What the ACPI tables list, for the files that make devices of it. The kernel's device room, during initialization and
// when a bus is scanned again; the tables never change.
#pragma once

#include <optional>

#include "hal/bus.hpp"
#include "kernel/device/device.hpp"
#include "kernel/lib/acpi/records.hpp"

namespace device {

// Every device of the definition blocks, which are the DSDT and the SSDTs. Damaged ones are left out.
template <class Fn>
void for_each_acpi_device(Fn fn) {
  constexpr u32 kDsdt = lib::acpi::signature("DSDT"), kSsdt = lib::acpi::signature("SSDT");
  const lib::acpi::Tables& tables = hal::acpi_tables();
  const lib::acpi::Bytes fadt = tables.find(lib::acpi::signature("FACP"));
  const lib::acpi::Bytes dsdt = tables.at(lib::acpi::parse_fadt(fadt).dsdt);
  if (!dsdt.empty() && lib::acpi::read<u32>(dsdt, 0) == kDsdt) lib::acpi::for_each_device(dsdt, fn);
  tables.for_each([&](PhysAddr, lib::acpi::Bytes table) {
    if (lib::acpi::read<u32>(table, 0) == kSsdt) lib::acpi::for_each_device(table, fn);
  });
}

// A device that only its ACPI name is known of. ENOMEM.
Result<lib::Own<Device>> make_acpi_device(const char* id, u32 unit);

// PCI Express host bridges by the MCFG or by themselves, with their windows by the definition blocks; else the first
// PC's way to configuration space.
void add_acpi_bridges();

// Where pin 1 to 4 of a slot on the bridge's own bus arrives, if a routing table that is plain data says so.
std::optional<u32> route_by_acpi(const Device& bridge, u32 slot, u32 pin);

}  // namespace device
