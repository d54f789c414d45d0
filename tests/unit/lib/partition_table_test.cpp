#include "kernel/lib/partition_table.hpp"

#include <random>
#include <vector>

namespace {

class Disk final : public lib::SectorReader {
 public:
  std::vector<u8> bytes = std::vector<u8>(1 << 20);
  Status read(u64 offset, std::span<u8> to) override {
    std::memcpy(to.data(), &bytes[offset], to.size());
    return {};
  }
  u64 size() const override { return bytes.size(); }
  u32 sector_size() const override { return 512; }

  void sign(u64 sector) { bytes[sector * 512 + 510] = 0x55, bytes[sector * 512 + 511] = 0xaa; }
  void slot(u64 sector, u32 index, u8 type, u32 start, u32 count) {
    u8* at = &bytes[sector * 512 + 446 + index * 16];
    at[4] = type;
    std::memcpy(at + 8, &start, 4);
    std::memcpy(at + 12, &count, 4);
  }
};

TEST(PartitionTable, MasterBootRecord) {
  Disk disk;
  disk.sign(0);
  disk.slot(0, 0, 0x83, 64, 100);
  disk.slot(0, 1, 0x83, 2000, 1000);  // behind the end
  disk.slot(0, 2, 0x05, 500, 600);
  disk.sign(500);
  disk.slot(500, 0, 0x83, 1, 50);
  disk.slot(500, 1, 0x05, 100, 100);
  disk.sign(600);
  disk.slot(600, 0, 0x83, 2, 20);
  disk.slot(600, 1, 0x05, 100, 100);  // itself: the chain must end all the same
  lib::Vector<lib::PartitionEntry> found;
  ASSERT_TRUE(lib::read_partition_table(disk, found));
  ASSERT_GE(found.size(), 3u);
  EXPECT_EQ(found[0].number, 1u);
  EXPECT_EQ(found[0].start, 64u * 512);
  EXPECT_EQ(found[1].number, 5u);
  EXPECT_EQ(found[1].start, 501u * 512);
  EXPECT_EQ(found[2].start, 602u * 512);
  EXPECT_LE(found.size(), 64u);
}

TEST(PartitionTable, GuidTableAndItsDamage) {
  Disk disk;
  disk.sign(0);
  disk.slot(0, 0, 0xee, 1, 2047);
  u8* entry = &disk.bytes[2 * 512];
  entry[0] = 1;
  const u64 first = 100, last = 199;
  std::memcpy(entry + 32, &first, 8);
  std::memcpy(entry + 40, &last, 8);
  struct {
    char signature[8] = {'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T'};
    u32 revision = 0x10000, size = 92, crc = 0, zero = 0;
    u64 own = 1, other = 2047, usable[2] = {34, 2000};
    u8 guid[16] = {};
    u64 entries = 2;
    u32 count = 4, entry_size = 128, entries_crc = 0;
  } header;
  header.entries_crc = lib::crc32({entry, 512});
  header.crc = lib::crc32({reinterpret_cast<const u8*>(&header), 92});
  std::memcpy(&disk.bytes[512], &header, 92);
  lib::Vector<lib::PartitionEntry> found;
  ASSERT_TRUE(lib::read_partition_table(disk, found));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].start, 100u * 512);
  EXPECT_EQ(found[0].size, 100u * 512);
  entry[1] = 1;  // the checksum does not fit any more
  found.clear();
  ASSERT_TRUE(lib::read_partition_table(disk, found));
  EXPECT_TRUE(found.empty());
}

TEST(PartitionTable, GarbageIsNoTable) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    Disk disk;
    for (u8& byte : disk.bytes) byte = static_cast<u8>(random());
    disk.sign(0);
    if (round % 2 == 0) {
      for (u32 i = 0; i < 4; ++i) disk.bytes[446 + i * 16] = 0;
      disk.slot(0, 1, 0x05, static_cast<u32>(random() % 2000), 1);
    }
    lib::Vector<lib::PartitionEntry> found;
    EXPECT_TRUE(lib::read_partition_table(disk, found));
    for (const auto& entry : found) EXPECT_LE(entry.start + entry.size, disk.size());
  }
}

TEST(PartitionTable, Crc32) { EXPECT_EQ(lib::crc32({reinterpret_cast<const u8*>("123456789"), 9}), 0xcbf43926u); }

}  // namespace
