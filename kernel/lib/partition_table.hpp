// Partition tables: MBR (with extended partitions) and GPT, read as the words of a stranger.
//
// A partition that does not lie inside the disk, or has no length, is left out; so is one that begins at 0. Chains of
// extended partitions are followed for a bounded number of steps. Numbers are Linux's: 1 to 4 for the MBR's own slots,
// from 5 on logical partitions; a GPT's slot numbers, from 1.
#pragma once

#include <span>

#include "kernel/lib/result.hpp"
#include "kernel/lib/types.hpp"
#include "kernel/lib/vector.hpp"

namespace lib {

class SectorReader {
 public:
  // `offset` is a multiple of the sector size; at most a page. EIO, ENOMEM.
  virtual Status read(u64 offset, std::span<u8> bytes) = 0;
  virtual u64 size() const = 0;  // bytes
  virtual u32 sector_size() const = 0;

 protected:
  ~SectorReader() = default;
};

struct PartitionEntry {
  u32 number = 0;
  u64 start = 0, size = 0;  // bytes
};

inline constexpr u32 kMaxPartitions = 128;

// No table: no entries and no error. EIO, ENOMEM.
Status read_partition_table(SectorReader& disk, Vector<PartitionEntry>& entries);

// CRC-32 as GPT, Ethernet and zip have it.
u32 crc32(std::span<const u8> bytes, u32 before = 0);

}  // namespace lib
