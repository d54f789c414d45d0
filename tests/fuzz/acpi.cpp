// Any bytes as physical memory with ACPI tables: the root pointer is at its beginning, and everything that the kernel
// reads of tables is read.
#include <vector>

#include "kernel/lib/acpi/aml.hpp"
#include "kernel/lib/acpi/gic.hpp"
#include "kernel/lib/acpi/iort.hpp"
#include "kernel/lib/acpi/records.hpp"
#include "tests/fuzz/topology.hpp"

namespace {

using lib::acpi::Bytes;

Bytes map(void* context, PhysAddr address, usize size) {
  const Bytes memory = *static_cast<Bytes*>(context);
  if (address.value > memory.size() || size > memory.size() - address.value) return {};
  return memory.subspan(address.value, size);
}

void read_devices(Bytes block) {
  lib::acpi::for_each_device(block, [](const lib::acpi::DeviceDescription& device) {
    lib::acpi::for_each_resource(device.resources, [](const lib::acpi::Resource& resource) {
      fuzz::need(resource.kind == lib::acpi::Resource::Kind::Interrupt || resource.size != 0);
      fuzz::need(resource.size == 0 || resource.base + (resource.size - 1) >= resource.base);
      fuzz::need(resource.size == 0 || resource.bus_base + (resource.size - 1) >= resource.bus_base);
    });
    lib::acpi::for_each_route(device.routes, [](const lib::acpi::PinRoute& route) { fuzz::need(route.pin < 4); });
  });
}

void read_table_of_arm(Bytes table) {
  lib::acpi::for_each_gic_cpu(table, [&](const lib::acpi::GicCpu& cpu) {
    static_cast<void>(lib::acpi::affinity_of_uid(table, cpu.processor_uid));
  });
  lib::acpi::for_each_gic_message_frame(table, [](const auto&) {});
  lib::acpi::for_each_gic_redistributors(table, [](const auto&) {});
  lib::acpi::for_each_gic_its(table, [](const auto&) {});
  static_cast<void>(lib::acpi::gic_distributor(table));
  static_cast<void>(lib::acpi::virtual_timer_line(table));
  static_cast<void>(lib::acpi::parse_spcr(table));
  for (const u32 requester : {0u, 8u, 0xffffu}) static_cast<void>(lib::acpi::message_target(table, 0, requester));
}

void read_table(Bytes table) {
  lib::acpi::for_each_local_apic(table, [](const auto&) {});
  lib::acpi::for_each_io_apic(table, [](const auto&) {});
  lib::acpi::for_each_interrupt_override(table, [](const auto&) {});
  lib::acpi::for_each_config_space(table, [](const auto&) {});
  static_cast<void>(lib::acpi::hpet_address(table));
  static_cast<void>(lib::acpi::find_s5(table));
  read_table_of_arm(table);
  read_devices(table);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // In memory of its own: a read beyond an end is seen. All of it is read as a table as well, since a fuzzer seldom
  // gets past the checksums.
  const std::vector<u8> memory(data, data + size);
  Bytes bytes(memory);
  read_devices(bytes);
  const lib::acpi::Tables tables({0}, {map, &bytes});
  tables.for_each([](PhysAddr, Bytes table) { read_table(table); });
  const lib::acpi::Fadt fadt = lib::acpi::parse_fadt(tables.find(lib::acpi::signature("FACP")));
  read_devices(tables.at(fadt.dsdt));
  read_table(bytes);
  return 0;
}
