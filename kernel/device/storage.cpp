// Disks that drivers announce (kernel/driver_loader.h): each becomes a block device.
//
// A chain that the block layer starts gets a slot, whose number is the tag that the driver knows it by. One that the
// driver has no room for waits, and is tried again after the next completion. The driver's submit and kick are called
// under the disk's lock.

#include <algorithm>
#include <cstring>

#include "kernel/block/queue.hpp"
#include "kernel/block/registry.hpp"
#include "kernel/device/device.hpp"
#include "kernel/diag/log.hpp"
#include "kernel/lib/format.hpp"

namespace device {
namespace {

constexpr u32 kMostDisks = 64;
constexpr u32 kMostSegments = 64;
constexpr u32 kMostDepth = 32;
constexpr u32 kMostSectors = 2048;

class StorageDisk final : public block::QueuedDevice {
 public:
  StorageDisk(const block::Description& description, const storage_info_t& info, const storage_ops_t& ops,
              void* context)
      : QueuedDevice(description),
        ops_(ops),
        context_(context),
        sectors_per_block_(info.block_size >> block::kSectorShift),
        has_cache_((info.flags & STORAGE_HAS_CACHE) != 0) {}

  void complete(u64 tag, hal_status_t status);
  // The driver has let go of everything.
  void fail_outstanding();

 protected:
  void start(block::Request& chain) override;
  void started() override {
    driver_.with([&](Driver& driver) {
      if (!driver.gone) ops_.kick(context_, 0);
    });
  }

 private:
  struct Slot {
    block::Request* chain = nullptr;
    bool is_waiting = false;  // the driver had no room
    hal_segment_t segments[kMostSegments];
  };
  struct Driver {
    Slot slots[kMostDepth];
    bool gone = false;
  };
  static u32 operation_of(block::Operation operation);
  hal_status_t submit(u32 index, Slot& slot);
  void submit_waiting(Driver& driver);

  const storage_ops_t& ops_;
  void* const context_;
  const u32 sectors_per_block_;
  const bool has_cache_;
  sync::Locked<Driver, sync::LockClass::StorageDriver> driver_;
};

u32 StorageDisk::operation_of(block::Operation operation) {
  switch (operation) {
    case block::Operation::Read: return STORAGE_READ;
    case block::Operation::Write: return STORAGE_WRITE;
    case block::Operation::Flush: return STORAGE_FLUSH;
    case block::Operation::Discard: return STORAGE_DISCARD;
  }
  return STORAGE_FLUSH;
}

hal_status_t StorageDisk::submit(u32 index, Slot& slot) {
  const block::Request& chain = *slot.chain;
  storage_request_t request{};
  request.tag = index;
  request.operation = operation_of(chain.operation);
  if (chain.operation != block::Operation::Flush) {
    request.lba = chain.sector / sectors_per_block_;
    request.blocks = block::chain_sectors(chain) / sectors_per_block_;
  }
  block::for_each_segment(chain, [&](const block::Segment& segment) {
    slot.segments[request.segment_count++] = {segment.memory(), segment.address().value, segment.length, 0};
  });
  request.segments = slot.segments;
  return ops_.submit(context_, 0, &request);
}

void StorageDisk::start(block::Request& chain) {
  if (chain.operation == block::Operation::Flush && !has_cache_) {
    finished(chain, {});
    return;
  }
  const hal_status_t status = driver_.with([&](Driver& driver) {
    if (driver.gone) return HAL_NOT_FOUND;
    for (u32 i = 0; i < kMostDepth; ++i) {
      Slot& slot = driver.slots[i];
      if (slot.chain != nullptr) continue;
      slot.chain = &chain;
      const hal_status_t submitted = submit(i, slot);
      slot.is_waiting = submitted == HAL_BUSY;
      if (submitted == HAL_OK || slot.is_waiting) return HAL_OK;
      slot.chain = nullptr;
      return submitted;
    }
    return HAL_ERROR;  // more than the queue's depth
  });
  if (status != HAL_OK) finished(chain, Err(Errno::EIO));
}

void StorageDisk::submit_waiting(Driver& driver) {
  bool any = false;
  for (u32 i = 0; i < kMostDepth; ++i) {
    Slot& slot = driver.slots[i];
    if (slot.chain == nullptr || !slot.is_waiting) continue;
    if (submit(i, slot) != HAL_OK) break;
    slot.is_waiting = false;
    any = true;
  }
  if (any) ops_.kick(context_, 0);
}

void StorageDisk::complete(u64 tag, hal_status_t status) {
  block::Request* chain = driver_.with([&](Driver& driver) -> block::Request* {
    if (tag >= kMostDepth || driver.slots[tag].is_waiting) return nullptr;
    block::Request* done = std::exchange(driver.slots[tag].chain, nullptr);
    if (done != nullptr && !driver.gone) submit_waiting(driver);
    return done;
  });
  if (chain == nullptr) {
    LOG_ERROR("storage", "%s: a request was completed that is not outstanding", name());
    return;
  }
  finished(*chain, status == HAL_OK ? Status() : Status(Err(Errno::EIO)));
}

void StorageDisk::fail_outstanding() {
  driver_.with([](Driver& driver) { driver.gone = true; });
  abandon();
  for (u32 i = 0; i < kMostDepth; ++i) {
    block::Request* chain = driver_.with([&](Driver& driver) { return std::exchange(driver.slots[i].chain, nullptr); });
    if (chain != nullptr) finished(*chain, Err(Errno::ENODEV));
  }
}

// Disks by handle. Their slots stay taken: a late completion must not reach another disk.
struct Disks {
  lib::Ref<StorageDisk> disks[kMostDisks];
  u32 count = 0;
};
sync::Locked<Disks, sync::LockClass::BlockDevice> g_disks;
std::atomic<StorageDisk*> g_by_handle[kMostDisks + 1];

struct Family {
  const char* prefix;
  u32 major;
};
// Linux's numbers; others share the one of "blkext".
constexpr Family kFamilies[] = {{"vd", 254}, {"sd", 8}, {"nvme", 259}, {"mmcblk", 179}};
constexpr u32 kOtherMajor = 260;
constexpr u32 kMinors = 16;

u32 major_of(std::string_view name) {
  for (const Family& family : kFamilies) {
    if (name.starts_with(family.prefix)) return family.major;
  }
  return kOtherMajor;
}

// The first name and number of its family that is free.
Status choose_name(const storage_info_t& info, block::Description& description) {
  const std::string_view base(info.name, strnlen(info.name, sizeof(info.name)));
  if (base.empty()) return Err(Errno::EINVAL);
  const bool whole = base.back() == '#';
  const u32 major = major_of(base);
  for (u32 i = 0; i < 26; ++i) {
    const block::Number number{major, i * kMinors};
    if (block::find(number)) continue;
    const int length = static_cast<int>(whole ? base.size() - 1 : base.size());
    char letter[2] = {whole ? '\0' : static_cast<char>('a' + i), '\0'};
    lib::format_into(description.name, sizeof(description.name), "%.*s%s", length, base.data(), letter);
    description.number = number;
    return {};
  }
  return Err(Errno::EBUSY);
}

bool is_sound(const storage_info_t& info) {
  const u32 size = info.block_size;
  return info.size >= sizeof(storage_info_t) && size >= block::kSectorSize && size <= 65536 &&
         (size & (size - 1)) == 0 && info.max_segments >= 1 && info.max_segment_size >= kPageSize &&
         info.max_blocks >= 1 && info.queues >= 1 && info.blocks <= (~u64{0} >> 16) / size;
}

Result<driver_handle_t> add_disk(const hal_device_t* device, const storage_info_t& info, const storage_ops_t& ops,
                                 void* context) {
  if (!is_sound(info)) return Err(Errno::EINVAL);
  block::Description description;
  TRY(choose_name(info, description));
  description.sector_size = info.block_size;
  description.sectors = info.blocks * (info.block_size >> block::kSectorShift);
  description.read_only = (info.flags & STORAGE_READ_ONLY) != 0;
  description.removable = (info.flags & STORAGE_REMOVABLE) != 0;
  description.device_handle = device == nullptr ? 0 : device->handle;
  description.limits.can_discard = (info.flags & STORAGE_HAS_DISCARD) != 0;
  description.limits.max_segments = std::min(info.max_segments, kMostSegments);
  const u64 most = u64{info.max_blocks} * (info.block_size >> block::kSectorShift);
  description.limits.max_sectors = static_cast<u32>(std::min<u64>(most, kMostSectors));
  description.limits.queue_depth = std::clamp(info.queue_depth, 1u, kMostDepth);
  auto disk = TRY(lib::make_ref<StorageDisk>(description, info, ops, context));
  return g_disks.with([&](Disks& disks) -> Result<driver_handle_t> {
    if (disks.count == kMostDisks) return Err(Errno::ENOMEM);
    g_by_handle[disks.count + 1].store(disk.get());
    disks.disks[disks.count] = std::move(disk);
    return ++disks.count;
  });
}

lib::Ref<StorageDisk> disk_of(driver_handle_t handle) {
  return g_disks.with([&](Disks& disks) {
    return handle >= 1 && handle <= disks.count ? disks.disks[handle - 1] : lib::Ref<StorageDisk>();
  });
}

}  // namespace
}  // namespace device

using namespace device;

hal_status_t storage_add(hal_device_t* device, const storage_info_t* info, const storage_ops_t* ops, void* context,
                         driver_handle_t* handle) {
  const auto added = add_disk(device, *info, *ops, context);
  if (!added) return to_hal(added.error());
  *handle = *added;  // before requests come: completions name it
  if (const Status entered = block::add(lib::Ref<block::Device>(disk_of(*added))); !entered) {
    storage_remove(*added);
    return to_hal(entered.error());
  }
  return HAL_OK;
}

void storage_remove(driver_handle_t handle) {
  const lib::Ref<StorageDisk> disk = disk_of(handle);
  if (!disk) return;
  block::remove(*disk);
  disk->fail_outstanding();
}

void storage_complete(driver_handle_t handle, uint32_t /*queue*/, uint64_t tag, hal_status_t status) {
  StorageDisk* disk = handle <= kMostDisks ? g_by_handle[handle].load() : nullptr;
  if (disk != nullptr) disk->complete(tag, status);
}

void storage_resized(driver_handle_t handle, uint64_t blocks) {
  if (const lib::Ref<StorageDisk> disk = disk_of(handle)) {
    LOG_WARNING("storage", "%s has %lu blocks now; noticed at the next start", disk->name(), blocks);
  }
}
