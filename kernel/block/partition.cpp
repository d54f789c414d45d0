#include "kernel/block/partition.hpp"

#include "kernel/block/batch.hpp"
#include "kernel/lib/format.hpp"
#include "kernel/lib/partition_table.hpp"

namespace block {
namespace {

class Partition final : public Device {
 public:
  Partition(const Description& description, lib::Ref<Device> disk, u64 first)
      : Device(description), disk_(std::move(disk)), first_(first) {}
  Device* whole() override { return disk_.get(); }

 protected:
  void route(Request& request) override {
    request.sector += first_;
    disk_->submit(request);
  }

 private:
  const lib::Ref<Device> disk_;
  const u64 first_;
};

class DiskReader final : public lib::SectorReader {
 public:
  explicit DiskReader(Device& disk) : disk_(disk) {}
  Status read(u64 offset, std::span<u8> bytes) override {
    const u32 unit = disk_.description().sector_size;
    if (bytes.size() > kPageSize || offset % unit != 0) return Err(Errno::EINVAL);
    mm::PageFrame* frame = TRY(mm::allocate_frame(mm::FrameKind::Kernel));
    const u32 length = static_cast<u32>(align_up(bytes.size(), unit));
    const Status done = block::read(disk_, offset >> kSectorShift, {frame, 0, length});
    if (done) std::memcpy(bytes.data(), mm::memory_of(frame), bytes.size());
    mm::release_frame(frame);
    return done;
  }
  u64 size() const override { return disk_.bytes(); }
  u32 sector_size() const override { return disk_.description().sector_size; }

 private:
  Device& disk_;
};

Result<lib::Ref<Device>> make_partition(Device& disk, const lib::PartitionEntry& entry) {
  Description description = disk.description();
  // "vda" and 1 are vda1; a name that ends in a digit gets a p between, as on Linux: ram0p1.
  const std::string_view name = disk.name();
  const bool ends_in_digit = name.back() >= '0' && name.back() <= '9';
  lib::format_into(description.name, sizeof(description.name), "%s%s%u", disk.name(), ends_in_digit ? "p" : "",
                   entry.number);
  description.number.minor += entry.number;
  description.sectors = entry.size >> kSectorShift;
  lib::Ref<Device> partition =
      TRY(lib::make_ref<Partition>(description, lib::Ref<Device>(disk), entry.start >> kSectorShift));
  return partition;
}

}  // namespace

Status find_partitions(Device& disk, lib::Vector<lib::Ref<Device>>& found) {
  DiskReader reader(disk);
  lib::Vector<lib::PartitionEntry> entries;
  TRY(lib::read_partition_table(reader, entries));
  for (const lib::PartitionEntry& entry : entries) {
    if (entry.number >= kMinorsPerDisk) continue;
    TRY(found.push(TRY(make_partition(disk, entry))));
  }
  return {};
}

}  // namespace block
