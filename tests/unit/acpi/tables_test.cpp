// Finding tables: whatever the pointers, lengths and checksums are, only what holds is given out.
#include "kernel/lib/acpi/tables.hpp"

#include <gtest/gtest.h>

#include <map>

#include "kernel/lib/acpi/records.hpp"
#include "tests/unit/acpi/sample_tables.hpp"

namespace {

using lib::acpi::Bytes;
using lib::acpi::signature;
using lib::acpi::Tables;
using sample::AcpiTable;

// Physical memory with tables at some places and nothing between them.
class Memory {
 public:
  void put(u64 address, AcpiTable table) { tables_[address] = std::move(table); }
  lib::acpi::Mapper mapper() { return {map, this}; }

 private:
  static Bytes map(void* context, PhysAddr address, usize size) {
    const auto& tables = static_cast<Memory*>(context)->tables_;
    const auto found = tables.find(address.value);
    if (found == tables.end() || size > found->second.size()) return {};
    return Bytes(found->second).first(size);
  }
  std::map<u64, AcpiTable> tables_;
};

constexpr u64 kRsdp = 0x1000, kRoot = 0x2000, kFirst = 0x3000, kSecond = 0x4000;

Memory machine() {
  Memory memory;
  memory.put(kRsdp, sample::rsdp(kRoot));
  memory.put(kRoot, sample::xsdt({kFirst, kSecond}));
  memory.put(kFirst, sample::Srat().memory(0, 0, GiB).table());
  memory.put(kSecond, sample::slit({{10}}));
  return memory;
}

TEST(AcpiTables, AreFound) {
  Memory memory = machine();
  const Tables tables({kRsdp}, memory.mapper());
  EXPECT_FALSE(tables.empty());
  EXPECT_FALSE(tables.find(signature("SRAT")).empty());
  EXPECT_FALSE(tables.find(signature("SLIT")).empty());
  EXPECT_TRUE(tables.find(signature("SLIT"), 1).empty());
  EXPECT_TRUE(tables.find(signature("APIC")).empty());
}

TEST(AcpiTables, DamagedRootHasNoTables) {
  for (usize at = 0; at < sample::rsdp(kRoot).size(); ++at) {
    Memory memory = machine();
    AcpiTable rsdp = sample::rsdp(kRoot);
    rsdp[at] ^= 0x10;
    memory.put(kRsdp, rsdp);
    EXPECT_TRUE(Tables({kRsdp}, memory.mapper()).empty()) << at;
  }
  Memory memory = machine();
  memory.put(kRoot, sample::spoiled(sample::xsdt({kFirst, kSecond})));
  EXPECT_TRUE(Tables({kRsdp}, memory.mapper()).empty());
  EXPECT_TRUE(Tables({kRsdp + 1}, memory.mapper()).empty());
}

TEST(AcpiTables, DamagedTableIsListedButNotGiven) {
  Memory memory = machine();
  memory.put(kFirst, sample::spoiled(sample::Srat().memory(0, 0, GiB).table()));
  const Tables tables({kRsdp}, memory.mapper());
  EXPECT_TRUE(tables.lists(signature("SRAT")));
  EXPECT_TRUE(tables.find(signature("SRAT")).empty());
  EXPECT_FALSE(tables.find(signature("SLIT")).empty()) << "the others go on";
}

TEST(AcpiTables, LengthsThatAreWrong) {
  for (const u32 length : {u32{0}, u32{35}, u32{49}, u32{0x7fff'ffff}, u32{0xffff'ffff}}) {
    Memory memory = machine();
    AcpiTable table = sample::slit({{10}});
    for (usize i = 0; i < 4; ++i) table[4 + i] = static_cast<u8>(length >> (8 * i));
    table[9] = static_cast<u8>(table[9] - lib::acpi::checksum(table));
    memory.put(kSecond, table);
    EXPECT_TRUE(Tables({kRsdp}, memory.mapper()).find(signature("SLIT")).empty()) << length;
  }
}

TEST(AcpiTables, ListThatPointsNowhereOrAtItself) {
  Memory memory = machine();
  memory.put(kRoot, sample::xsdt({0, 0xffff'ffff'ffff'fff0, kRoot, kSecond}));
  const Tables tables({kRsdp}, memory.mapper());
  EXPECT_FALSE(tables.find(signature("SLIT")).empty());
  usize seen = 0;
  tables.for_each([&](PhysAddr, Bytes) { ++seen; });
  EXPECT_EQ(seen, 2u) << "the list itself is a table, too";
}

TEST(AcpiFadt, FieldsThatAreNotThereAreZero) {
  AcpiTable table = sample::header("FACP", 6);
  table.resize(268);
  table[40] = 0x78;
  table[41] = 0x56;
  table[109] = 2;
  table[244] = 0;
  table[248] = 0x40;
  const lib::acpi::Fadt whole = lib::acpi::parse_fadt(sample::finish(table));
  EXPECT_EQ(whole.dsdt.value, 0x5678u);
  EXPECT_TRUE(whole.may_have_8042);
  EXPECT_EQ(whole.sleep_control.address, 0x40u);
  for (usize size = 0; size < table.size(); ++size) {
    const AcpiTable part(table.begin(), table.begin() + static_cast<isize>(size));
    static_cast<void>(lib::acpi::parse_fadt(part));
  }
  EXPECT_EQ(lib::acpi::parse_fadt({}).dsdt.value, 0u);
  EXPECT_TRUE(lib::acpi::parse_fadt({}).may_have_8042) << "where nothing is said, there may be one";
  table[109] = 0;
  EXPECT_FALSE(lib::acpi::parse_fadt(sample::finish(table)).may_have_8042);
}

TEST(AcpiMadt, RecordsOfAnyLength) {
  AcpiTable table = sample::header("APIC", 5);
  table.resize(44);
  table.insert(table.end(), {1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 16, 0, 0, 0});  // an I/O APIC
  table.insert(table.end(), {1, 12, 0});                                    // the beginning of one
  usize seen = 0;
  lib::acpi::for_each_io_apic(sample::finish(table), [&](const lib::acpi::IoApic& found) {
    EXPECT_EQ(found.address.value, 0xfec0'0000u);
    EXPECT_EQ(found.first_line, 16u);
    ++seen;
  });
  EXPECT_EQ(seen, 1u);
  table.resize(56);
  table.insert(table.end(), {1, 0, 1, 1});  // a length of 0 would go round for ever
  seen = 0;
  lib::acpi::for_each_io_apic(sample::finish(table), [&](const lib::acpi::IoApic&) { ++seen; });
  EXPECT_EQ(seen, 1u);
}

}  // namespace
