// SRAT and SLIT, as firmware writes them and as it must not.
#include "kernel/lib/acpi/numa.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "tests/unit/acpi/sample_madt.hpp"

namespace {

using lib::BootMemory;
using lib::NumaTopology;
using sample::AcpiTable;
using sample::slit;
using sample::Srat;

BootMemory eight_gib() {
  BootMemory memory;
  memory.add_ram(0, 3 * GiB);
  memory.add_ram(4 * GiB, 5 * GiB);
  return memory;
}

NumaTopology read(const AcpiTable& srat, const AcpiTable& distances = {}, const AcpiTable& madt = {}) {
  NumaTopology numa;
  // In memory of its own size: reading beyond its end is seen.
  lib::acpi::read_numa({.srat = srat, .slit = distances, .madt = madt}, eight_gib().ram(), numa);
  return numa;
}

Srat two_nodes() {
  Srat srat;
  srat.memory(0, 0, 640 * KiB).memory(0, MiB, 2 * GiB - MiB).memory(1, 2 * GiB, GiB).memory(1, 4 * GiB, 5 * GiB);
  srat.apic(0, 0).apic(0, 1).x2apic(1, 2).x2apic(1, 0x1'0003);
  return srat;
}

TEST(AcpiNuma, TwoNodes) {
  const NumaTopology numa = read(two_nodes().table(), slit({{10, 21}, {21, 10}}));
  ASSERT_EQ(numa.flaw(), nullptr);
  ASSERT_EQ(numa.nodes(), 2u);
  EXPECT_EQ(numa.node_of_memory(0x1000), 0u);
  EXPECT_EQ(numa.node_of_memory(2 * GiB - 1), 0u);
  EXPECT_EQ(numa.node_of_memory(2 * GiB), 1u);
  EXPECT_EQ(numa.node_of_memory(8 * GiB), 1u);
  EXPECT_EQ(numa.node_of_cpu(1), 0);
  EXPECT_EQ(numa.node_of_cpu(2), 1);
  EXPECT_EQ(numa.node_of_cpu(0x1'0003), 1);
  EXPECT_EQ(numa.node_of_cpu(3), -1);
  EXPECT_EQ(numa.distance(0, 1), 21);
}

TEST(AcpiNuma, FourNodesOneWithoutMemoryOneWithoutProcessors) {
  Srat srat;
  srat.memory(0, 0, 2 * GiB).memory(2, 2 * GiB, GiB).memory(3, 4 * GiB, 5 * GiB);
  srat.apic(0, 0).apic(1, 1).apic(2, 2);
  const auto distances = slit({{10, 20, 30, 40}, {20, 10, 22, 23}, {30, 22, 10, 24}, {41, 23, 24, 10}});
  const NumaTopology numa = read(srat.table(), distances);
  ASSERT_EQ(numa.flaw(), nullptr);
  ASSERT_EQ(numa.nodes(), 4u);
  EXPECT_EQ(numa.node_of_cpu(1), 1);
  EXPECT_EQ(numa.distance(0, 3), 40);
  EXPECT_EQ(numa.distance(3, 0), 41);  // not the same both ways
  for (const auto& range : numa.ranges()) EXPECT_NE(range.node, 1u);
}

TEST(AcpiNuma, ProcessorsOfOtherArchitecturesAndUnknownRecords) {
  Srat srat;
  srat.memory(4, 0, 3 * GiB).memory(8, 4 * GiB, 5 * GiB).gicc(4, 17).rintc(8, 18).unknown(5, 32);
  const NumaTopology numa = read(srat.table(), {}, sample::Madt().cpu(17, 0x300).table());
  ASSERT_EQ(numa.flaw(), nullptr);
  EXPECT_EQ(numa.nodes(), 2u);
  EXPECT_EQ(numa.node_of_cpu(0x300), 0) << "the SRAT has its uid";
  EXPECT_EQ(numa.node_of_cpu(17), -1);
  EXPECT_EQ(numa.node_of_cpu(18), 1);
  EXPECT_EQ(read(srat.table()).node_of_cpu(17), -1) << "what the MADT does not list is not there";
}

TEST(AcpiNuma, RecordsThatAreSwitchedOffDoNotCount) {
  Srat srat;
  srat.memory(0, 0, 3 * GiB).memory(1, GiB, GiB, 0).apic(0, 0).apic(1, 1, 0);
  const NumaTopology numa = read(srat.table());
  EXPECT_EQ(numa.flaw(), nullptr);
  EXPECT_EQ(numa.nodes(), 1u);
  EXPECT_EQ(numa.node_of_cpu(1), -1);
}

TEST(AcpiNuma, TheFirstRevisionHasOneByteOfTheDomain) {
  Srat srat(1);
  srat.memory(0xabcd'ef00, 0, 3 * GiB).memory(0x1234'5601, 4 * GiB, 5 * GiB).apic(0x7777'7701, 6);
  const NumaTopology numa = read(srat.table());
  ASSERT_EQ(numa.nodes(), 2u);
  EXPECT_EQ(numa.node_of_domain(0), 0);
  EXPECT_EQ(numa.node_of_domain(1), 1);
  EXPECT_EQ(numa.node_of_cpu(6), 1);
}

TEST(AcpiNuma, DistancesThatAreWrongLeaveOneNode) {
  const auto flaw = [](const AcpiTable& distances) {
    const NumaTopology numa = read(two_nodes().table(), distances);
    EXPECT_EQ(numa.nodes(), 1u);
    return std::string(numa.flaw() == nullptr ? "none" : numa.flaw());
  };
  EXPECT_EQ(flaw(slit({{10, 9}, {21, 10}})), "a distance is below 10 or above 255");
  EXPECT_EQ(flaw(slit({{10, 0}, {21, 10}})), "a distance is below 10 or above 255");
  EXPECT_EQ(flaw(slit({{11, 20}, {20, 10}})), "a node's distance to itself is not 10");
  EXPECT_EQ(flaw(slit({{10}})), "two nodes have no distance from one another");
  AcpiTable cut = slit({{10, 21}, {21, 10}});
  cut.pop_back();
  EXPECT_EQ(flaw(cut), "SLIT: its length is not that of its matrix");
  AcpiTable large = slit({{10, 21}, {21, 10}});
  large[36 + 7] = 0x40;  // 2^62 nodes: their square overflows
  EXPECT_EQ(flaw(large), "SLIT: its length is not that of its matrix");
}

TEST(AcpiNuma, ATableThatIsCutAnywhereLeavesOneNode) {
  const AcpiTable whole = two_nodes().table();
  for (usize size = 1; size < whole.size(); ++size) {
    const AcpiTable cut(whole.begin(), whole.begin() + static_cast<long>(size));
    const NumaTopology numa = read(cut);
    // Cut between two records the rest is a table of its own.
    if (numa.flaw() != nullptr) {
      EXPECT_EQ(numa.nodes(), 1u);
    }
  }
  AcpiTable short_record = whole;
  short_record[48 + 1] = 12;
  EXPECT_STREQ(read(short_record).flaw(), "SRAT: a record's length is wrong");
  AcpiTable endless = whole;
  endless[48 + 1] = 0;
  EXPECT_STREQ(read(endless).flaw(), "SRAT: a record's length is wrong");
}

// Physical memory as a map from addresses to tables.
class Machine {
 public:
  void put(u64 address, AcpiTable table) { memory_[address] = std::move(table); }
  lib::acpi::Tables tables() { return lib::acpi::Tables({0x100}, {map, this}); }

 private:
  static lib::acpi::Bytes map(void* self, PhysAddr address, usize size) {
    const auto& memory = static_cast<Machine*>(self)->memory_;
    const auto found = memory.find(address.value);
    if (found == memory.end() || found->second.size() < size) return {};
    return lib::acpi::Bytes(found->second).first(size);
  }
  std::map<u64, AcpiTable> memory_;
};

TEST(AcpiNuma, DamagedTablesOfAMachine) {
  const auto read_machine = [](bool spoil_srat, bool spoil_slit) {
    Machine machine;
    machine.put(0x100, sample::rsdp(0x200));
    machine.put(0x200, sample::xsdt({0x1000, 0x2000}));
    machine.put(0x1000, two_nodes().table());
    machine.put(0x2000, slit({{10, 21}, {21, 10}}));
    if (spoil_srat) machine.put(0x1000, sample::spoiled(two_nodes().table()));
    if (spoil_slit) machine.put(0x2000, sample::spoiled(slit({{10, 21}, {21, 10}})));
    NumaTopology numa;
    lib::acpi::read_numa(machine.tables(), eight_gib().ram(), numa);
    return numa;
  };
  EXPECT_EQ(read_machine(false, false).nodes(), 2u);
  EXPECT_EQ(read_machine(false, false).distance(0, 1), 21);
  EXPECT_STREQ(read_machine(true, false).flaw(), "SRAT: its checksum or length is wrong");
  EXPECT_STREQ(read_machine(false, true).flaw(), "SLIT: its checksum or length is wrong");
  NumaTopology none;
  lib::acpi::read_numa(lib::acpi::Tables(), eight_gib().ram(), none);
  EXPECT_EQ(none.nodes(), 1u);
  EXPECT_EQ(none.flaw(), nullptr);
}

}  // namespace
