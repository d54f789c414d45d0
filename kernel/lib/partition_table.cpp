#include "kernel/lib/partition_table.hpp"

#include <algorithm>
#include <cstring>

namespace lib {
namespace {

constexpr u8 kEmpty = 0, kExtended = 0x05, kExtendedLba = 0x0f, kExtendedLinux = 0x85, kProtective = 0xee;
constexpr u32 kMaxLogical = 60;

struct MbrSlot {
  u8 status;
  u8 first_chs[3];
  u8 type;
  u8 last_chs[3];
  u8 start[4];
  u8 count[4];
};
static_assert(sizeof(MbrSlot) == 16);

struct Mbr {
  u8 code[446];
  MbrSlot slots[4];
  u8 signature[2];
  bool is_valid() const { return signature[0] == 0x55 && signature[1] == 0xaa; }
};
static_assert(sizeof(Mbr) == 512);

struct GptHeader {
  u8 signature[8];
  u32 revision, header_size, header_crc, reserved;
  u64 own_sector, other_sector, first_usable, last_usable;
  u8 disk_guid[16];
  u64 entries_sector;
  u32 entry_count, entry_size, entries_crc;
};
static_assert(offsetof(GptHeader, entries_crc) == 88);
constexpr u32 kGptHeaderSize = 92;

struct GptEntry {
  u8 type[16];
  u8 own[16];
  u64 first, last;
};

u32 little32(const u8 (&bytes)[4]) { return bytes[0] | u32{bytes[1]} << 8 | u32{bytes[2]} << 16 | u32{bytes[3]} << 24; }
bool is_extended(u8 type) { return type == kExtended || type == kExtendedLba || type == kExtendedLinux; }

class TableReader {
 public:
  TableReader(SectorReader& disk, Vector<PartitionEntry>& entries) : disk_(disk), entries_(entries) {}

  Status run() {
    Mbr mbr;
    if (disk_.size() < sizeof(mbr)) return {};
    TRY(read(0, &mbr, sizeof(mbr)));
    if (!mbr.is_valid()) return {};
    if (std::any_of(mbr.slots, mbr.slots + 4, [](const MbrSlot& slot) { return slot.type == kProtective; })) {
      if (TRY(gpt(1))) return {};
      // The copy in the disk's last sector.
      TRY(gpt(disk_.size() / disk_.sector_size() - 1));
      return {};
    }
    // A file system's boot sector has the same signature: its "slots" have odd status bytes.
    for (const MbrSlot& slot : mbr.slots) {
      if ((slot.status & 0x7f) != 0) return {};
    }
    for (u32 i = 0; i < 4; ++i) {
      const MbrSlot& slot = mbr.slots[i];
      if (slot.type == kEmpty || is_extended(slot.type)) continue;
      TRY(add(i + 1, little32(slot.start), little32(slot.count)));
    }
    u32 next_number = 5;
    for (const MbrSlot& slot : mbr.slots) {
      if (is_extended(slot.type)) TRY(logical(little32(slot.start), next_number));
    }
    return {};
  }

 private:
  Status read(u64 sector, void* to, usize size) {
    const u32 unit = disk_.sector_size();
    if (sector >= disk_.size() / unit || size > disk_.size() - sector * unit) return Err(Errno::EIO);
    return disk_.read(sector * unit, {static_cast<u8*>(to), size});
  }

  Status add(u32 number, u64 first, u64 count) {
    const u64 sectors = disk_.size() / disk_.sector_size();
    if (first == 0 || count == 0 || first >= sectors || count > sectors - first) return {};
    if (entries_.size() >= kMaxPartitions) return {};
    return entries_.push({number, first * disk_.sector_size(), count * disk_.sector_size()});
  }

  // A chain of tables, each with one logical partition and the place of the next, relative to the first.
  Status logical(u64 base, u32& number) {
    u64 at = base;
    for (u32 step = 0; step < kMaxLogical; ++step) {
      Mbr table;
      if (!read(at, &table, sizeof(table)) || !table.is_valid()) return {};
      const MbrSlot& own = table.slots[0];
      const MbrSlot& next = table.slots[1];
      if (own.type != kEmpty && !is_extended(own.type))
        TRY(add(number++, at + little32(own.start), little32(own.count)));
      if (!is_extended(next.type) || little32(next.start) == 0) return {};
      at = base + little32(next.start);
    }
    return {};
  }

  // True if there is a sound GPT whose header is in this sector.
  Result<bool> gpt(u64 sector) {
    u8 raw[512];
    if (!read(sector, raw, sizeof(raw))) return false;
    GptHeader header;
    std::memcpy(&header, raw, sizeof(header));
    if (std::memcmp(header.signature, "EFI PART", 8) != 0 || header.own_sector != sector) return false;
    if (header.header_size < kGptHeaderSize || header.header_size > sizeof(raw)) return false;
    std::memset(raw + offsetof(GptHeader, header_crc), 0, 4);
    if (crc32({raw, header.header_size}) != header.header_crc) return false;
    if (header.entry_size < 128 || header.entry_size > 512 || (header.entry_size & (header.entry_size - 1)) != 0 ||
        header.entry_count > 1024) {
      return false;
    }
    return gpt_entries(header);
  }

  Result<bool> gpt_entries(const GptHeader& header) {
    const u32 unit = disk_.sector_size();
    Vector<u8> bytes;
    const usize total = align_up(usize{header.entry_count} * header.entry_size, unit);
    TRY(bytes.resize(total));
    for (usize done = 0; done < total;) {
      const usize piece = std::min<usize>(total - done, std::max<usize>(unit, kPageSize / unit * unit));
      if (header.entries_sector > disk_.size() / unit ||
          !read(header.entries_sector + done / unit, &bytes[done], piece)) {
        return false;
      }
      done += piece;
    }
    if (crc32({bytes.data(), usize{header.entry_count} * header.entry_size}) != header.entries_crc) return false;
    for (u32 i = 0; i < header.entry_count; ++i) {
      GptEntry entry;
      std::memcpy(&entry, &bytes[usize{i} * header.entry_size], sizeof(entry));
      const bool unused = std::all_of(entry.type, entry.type + 16, [](u8 byte) { return byte == 0; });
      if (unused || entry.last < entry.first || entry.last == ~u64{0}) continue;
      TRY(add(i + 1, entry.first, entry.last - entry.first + 1));
    }
    return true;
  }

  SectorReader& disk_;
  Vector<PartitionEntry>& entries_;
};

}  // namespace

Status read_partition_table(SectorReader& disk, Vector<PartitionEntry>& entries) {
  return TableReader(disk, entries).run();
}

u32 crc32(std::span<const u8> bytes, u32 before) {
  u32 crc = ~before;
  for (const u8 byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320 & (~(crc & 1) + 1));
  }
  return ~crc;
}

}  // namespace lib
