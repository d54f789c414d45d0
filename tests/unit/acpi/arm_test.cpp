// What tables say of machines of Arm's: interrupt controllers, timer, console, and the way of messages.
#include <gtest/gtest.h>

#include "kernel/lib/acpi/gic.hpp"
#include "kernel/lib/acpi/iort.hpp"
#include "tests/unit/acpi/sample_madt.hpp"

namespace {

using namespace lib::acpi;
using sample::AcpiTable;
using sample::Madt;

AcpiTable whole_madt() {
  Madt madt;
  madt.distributor(0x800'0000, 3).cpu(7, 0x8000'0100).cpu(9, 0x1'0000'0203, 0).redistributors(0x80a'0000, 0xf6'0000);
  return madt.its(4, 0x808'0000).message_frame(2, 0x802'0000, 1, 64, 80).table();
}

TEST(AcpiGic, EveryKindOfRecord) {
  const AcpiTable madt = whole_madt();
  const auto distributor = gic_distributor(madt);
  ASSERT_TRUE(distributor);
  EXPECT_EQ(distributor->address.value, 0x800'0000u);
  EXPECT_EQ(distributor->version, 3);
  std::vector<GicCpu> cpus;
  for_each_gic_cpu(madt, [&](const GicCpu& cpu) { cpus.push_back(cpu); });
  ASSERT_EQ(cpus.size(), 2u);
  EXPECT_EQ(cpus[0].affinity, 0x100u) << "the other bits of MPIDR_EL1 are no affinity";
  EXPECT_TRUE(cpus[0].enabled);
  EXPECT_EQ(cpus[1].affinity, 0x1'0000'0203u);
  EXPECT_FALSE(cpus[1].enabled);
  for_each_gic_redistributors(madt, [](const GicRedistributors& found) {
    EXPECT_EQ(found.address.value, 0x80a'0000u);
    EXPECT_EQ(found.size, 0xf6'0000u);
  });
  for_each_gic_its(madt, [](const GicIts& its) {
    EXPECT_EQ(its.id, 4u);
    EXPECT_EQ(its.address.value, 0x808'0000u);
  });
  for_each_gic_message_frame(madt, [](const GicMessageFrame& frame) {
    EXPECT_EQ(frame.id, 2u);
    EXPECT_EQ(frame.first_line, 80u);
    EXPECT_EQ(frame.line_count, 64u);
  });
}

TEST(AcpiGic, ProcessorsByTheirUid) {
  EXPECT_EQ(affinity_of_uid(whole_madt(), 7), 0x100u);
  EXPECT_FALSE(affinity_of_uid(whole_madt(), 9)) << "it is switched off";
  EXPECT_FALSE(affinity_of_uid(whole_madt(), 1));
  EXPECT_FALSE(affinity_of_uid({}, 7));
}

TEST(AcpiGic, AFrameThatKnowsItsLinesItself) {
  usize seen = 0;
  for_each_gic_message_frame(Madt().message_frame(0, 0x802'0000, 0, 64, 80).table(), [&](const GicMessageFrame& frame) {
    EXPECT_EQ(frame.line_count, 0u);
    ++seen;
  });
  EXPECT_EQ(seen, 1u);
}

TEST(AcpiGic, ATableThatIsCutOrChangedAnywhere) {
  const AcpiTable whole = whole_madt();
  const auto read_all = [](const AcpiTable& table) {
    usize seen = gic_distributor(table) ? 1 : 0;
    const auto count = [&](const auto&) { ++seen; };
    for_each_gic_cpu(table, count);
    for_each_gic_redistributors(table, count);
    for_each_gic_its(table, count);
    for_each_gic_message_frame(table, count);
    static_cast<void>(virtual_timer_line(table));
    static_cast<void>(parse_spcr(table));
    return seen;
  };
  EXPECT_EQ(read_all(whole), 6u);
  for (usize size = 0; size < whole.size(); ++size)
    EXPECT_LE(read_all(AcpiTable(whole.begin(), whole.begin() + static_cast<isize>(size))), 5u);
  for (usize at = 44; at < whole.size(); ++at) {
    for (const u8 value : {0x00, 0x01, 0x02, 0x0b, 0x0f, 0xff}) {
      AcpiTable changed = whole;
      changed[at] = value;
      EXPECT_LE(read_all(changed), 60u);
    }
  }
}

TEST(AcpiTimer, TheVirtualOne) {
  AcpiTable gtdt = sample::header("GTDT", 2);
  gtdt.resize(104);
  gtdt[64] = 27;
  EXPECT_EQ(virtual_timer_line(gtdt), 27u);
  gtdt.resize(66);
  EXPECT_EQ(virtual_timer_line(gtdt), 0u);
}

AcpiTable spcr(u8 revision, u8 type, u8 interrupt_type) {
  AcpiTable table = sample::header("SPCR", revision);
  table.resize(80);
  table[36] = type;
  table[41] = 32;
  table[47] = 9;  // 0x900'0000
  table[52] = interrupt_type;
  table[54] = 33;
  return sample::finish(table);
}

TEST(AcpiConsole, APl011) {
  const SerialConsole found = parse_spcr(spcr(2, 3, 8));
  EXPECT_EQ(found.kind, SerialConsole::Kind::Pl011);
  EXPECT_EQ(found.registers.space, Space::Memory);
  EXPECT_EQ(found.registers.address, 0x900'0000u);
  EXPECT_EQ(found.line, 33u);
  EXPECT_EQ(parse_spcr(spcr(2, 0x0e, 8)).kind, SerialConsole::Kind::Pl011);
}

TEST(AcpiConsole, OthersAndNone) {
  EXPECT_EQ(parse_spcr(spcr(1, 3, 8)).kind, SerialConsole::Kind::Other) << "the first revision knew PCs' alone";
  EXPECT_EQ(parse_spcr(spcr(2, 0, 8)).kind, SerialConsole::Kind::Other);
  EXPECT_EQ(parse_spcr(spcr(2, 3, 0)).line, 0u);
  EXPECT_EQ(parse_spcr({}).kind, SerialConsole::Kind::None);
}

TEST(AcpiMessages, ToAnIts) {
  const AcpiTable table = sample::iort(3, 0x100, 0xff, 0x5000);
  const auto found = message_target(table, 0, 0x108);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->its, 3u);
  EXPECT_EQ(found->device, 0x5008u);
  EXPECT_TRUE(message_target(table, 0, 0x1ff));
  EXPECT_FALSE(message_target(table, 0, 0x200));
  EXPECT_FALSE(message_target(table, 0, 0xff));
  EXPECT_FALSE(message_target(table, 1, 0x108));
  EXPECT_FALSE(message_target({}, 0, 0x108));
}

TEST(AcpiMessages, LoopsAndEndsAreBorne) {
  const AcpiTable whole = sample::iort(3, 0, 0xffff, 0);
  AcpiTable loop = whole;
  loop[loop.size() - 8] = 72;  // the root complex itself
  EXPECT_FALSE(message_target(loop, 0, 8));
  AcpiTable group_of_none = whole;
  group_of_none[64] = 0;
  EXPECT_FALSE(message_target(group_of_none, 0, 8));
  for (usize size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(message_target(Bytes(AcpiTable(whole.begin(), whole.begin() + static_cast<isize>(size))), 0, 8));
  for (usize at = 36; at < whole.size(); ++at) {
    for (const u8 value : {0x00, 0x01, 0x30, 0x7f, 0xff}) {
      AcpiTable changed = whole;
      changed[at] = value;
      static_cast<void>(message_target(changed, 0, 8));
    }
  }
}

}  // namespace
