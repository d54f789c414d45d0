// Disks of version 1 drivers: blocks of 512 bytes, one request at a time, done by the work thread.
//
// The interface has no word for how large the disk is: it is found by reading, since what lies behind its end fails.
#include "hal/mem.h"
#include "kernel/device/package/version1.hpp"

namespace device {
namespace {

constexpr u32 kBlock = 512;
constexpr u64 kMostBlocks = u64{1} << 40;

hal_status_t transfer(const Version1Device& device) {
  const storage_request_t& request = device.storage.request;
  u64 lba = request.lba;
  for (u32 i = 0; i < request.segment_count; ++i) {
    const hal_segment_t& segment = request.segments[i];
    const u32 count = segment.length / kBlock;
    const i64 done = request.operation == STORAGE_READ ? device.ops.read(segment.memory, lba, count)
                                                       : device.ops.write(segment.memory, lba, count);
    if (segment.length % kBlock != 0 || done != count) return HAL_ERROR;
    lba += count;
  }
  return HAL_OK;
}

void work(void* context) {
  auto& device = *static_cast<Version1Device*>(context);
  const u64 tag = device.storage.request.tag;
  const hal_status_t status = transfer(device);
  device.storage.is_busy.store(false, std::memory_order_release);
  storage_complete(device.storage.disk, 0, tag, status);
}

hal_status_t submit(void* context, uint32_t /*queue*/, const storage_request_t* request) {
  auto& device = *static_cast<Version1Device*>(context);
  if (request->operation != STORAGE_READ && request->operation != STORAGE_WRITE) return HAL_NOT_SUPPORTED;
  if (device.storage.is_busy.exchange(true, std::memory_order_acquire)) return HAL_BUSY;
  device.storage.request = *request;
  hal_work_schedule(&device.storage.work);
  return HAL_OK;
}

void kick(void* /*context*/, uint32_t /*queue*/) {}

constexpr storage_ops_t kOps = {.size = sizeof(storage_ops_t), .submit = submit, .kick = kick};

// Blocks below the result can be read, and no more; 0: none.
u64 find_capacity(const Version1Device& device) {
  void* block = hal_alloc(kBlock, kBlock);
  if (block == nullptr) return 0;
  const auto can_read = [&](u64 lba) { return device.ops.read(block, lba, 1) == 1; };
  u64 good = 0, bad = kMostBlocks;  // below `good` all can be read
  while (good < bad) {
    const u64 middle = good + (bad - good) / 2;
    if (can_read(middle)) {
      good = middle + 1;
    } else {
      bad = middle;
    }
  }
  hal_free(block);
  return good;
}

}  // namespace

hal_status_t announce_storage(Version1Device& device) {
  storage_info_t info{};
  info.size = sizeof(info);
  info.blocks = find_capacity(device);
  if (info.blocks == 0) return HAL_ERROR;
  info.block_size = kBlock;
  info.max_segments = 16;
  info.max_segment_size = 64 << 10;
  info.max_blocks = 256;
  info.queues = 1;
  info.queue_depth = 1;
  info.name[0] = 'a', info.name[1] = 'j';
  device.storage.work.function = work;
  device.storage.work.context = &device;
  return storage_add(device.info, &info, &kOps, &device, &device.storage.disk);
}

void withdraw_storage(Version1Device& device) {
  storage_remove(device.storage.disk);
  hal_work_cancel(&device.storage.work);
}

}  // namespace device
