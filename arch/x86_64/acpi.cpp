#include "arch/x86_64/acpi.hpp"

#include "hal/acpi.hpp"

namespace hal::arch {
namespace {

constinit lib::acpi::Tables tables;
constinit lib::acpi::Fadt fadt;

}  // namespace

void acpi_open(PhysAddr rsdp) {
  tables = hal::acpi_open(rsdp);
  fadt = lib::acpi::parse_fadt(tables.find(lib::acpi::signature("FACP")));
}

const lib::acpi::Tables& acpi_tables() { return tables; }
const lib::acpi::Fadt& acpi_fadt() { return fadt; }

}  // namespace hal::arch
