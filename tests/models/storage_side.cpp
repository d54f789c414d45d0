#include "tests/models/storage_side.hpp"

#include <bit>
#include <cstring>

namespace models {
namespace {

StorageSide* g_storage = nullptr;

// As the kernel decides.
bool is_sound(const storage_info_t& info) {
  return info.size >= sizeof(storage_info_t) && info.block_size >= 512 && info.block_size <= 65536 &&
         std::has_single_bit(info.block_size) && info.max_segments >= 1 && info.max_segment_size >= 4096 &&
         info.max_blocks >= 1 && info.queues >= 1 && info.blocks <= (~uint64_t{0} >> 16) / info.block_size &&
         memchr(info.name, 0, sizeof(info.name)) != nullptr && info.name[0] != '\0';
}

Disk* disk_of(driver_handle_t handle) {
  const bool exists = handle >= 1 && handle <= g_storage->disks.size();
  EXPECT_TRUE(exists) << "no such disk: " << handle;
  return exists ? &g_storage->disks[handle - 1] : nullptr;
}

}  // namespace

StorageSide::StorageSide() { g_storage = this; }
StorageSide::~StorageSide() { g_storage = nullptr; }

std::vector<uint8_t> Request::bytes() const {
  std::vector<uint8_t> all;
  for (const hal_segment_t& segment : segments) {
    const auto* from = static_cast<const uint8_t*>(segment.memory);
    all.insert(all.end(), from, from + segment.length);
  }
  return all;
}

hal_status_t Disk::submit(Request& request, uint32_t queue, uint32_t flags) {
  uint64_t length = 0;
  for (const hal_segment_t& segment : request.segments) length += segment.length;
  const uint64_t tag = g_storage->next_tag_++;
  const storage_request_t passed = {.tag = tag,
                                    .operation = request.operation,
                                    .flags = flags,
                                    .lba = request.lba,
                                    .blocks = static_cast<uint32_t>(length / info.block_size),
                                    .segment_count = static_cast<uint32_t>(request.segments.size()),
                                    .segments = request.segments.data()};
  outstanding[tag] = &request;
  hal_status_t status;
  {
    const Machine::Atomic atomic;
    status = ops->submit(context, queue, &passed);
  }
  Machine::current().expect_no_lock("the end of submit");
  if (status == HAL_OK) return status;
  outstanding.erase(tag);
  if (status != HAL_BUSY) g_storage->end(request, status);
  return status;
}

void Disk::kick(uint32_t queue) {
  const Machine::Atomic atomic;
  ops->kick(context, queue);
}

Disk& StorageSide::only_disk() {
  EXPECT_EQ(disks.size(), 1u);
  return disks.at(0);
}

Request& StorageSide::make(Disk& disk, uint32_t operation, uint64_t lba, const std::vector<Piece>& pieces,
                           const std::vector<uint8_t>& contents) {
  (void)disk;
  Request& request = requests.emplace_back();
  request.operation = operation;
  request.lba = lba;
  size_t at = 0;
  for (const Piece& piece : pieces) {
    auto memory = std::make_unique<uint8_t[]>(piece.length);
    if (!contents.empty()) std::memcpy(memory.get(), contents.data() + at, piece.length);
    at += piece.length;
    const uint8_t access = operation == STORAGE_WRITE ? kDeviceReads : kDeviceWrites;
    const uint64_t address = Machine::current().map_for_device(memory.get(), piece.length, piece.offset, access);
    request.segments.push_back({memory.get(), address, piece.length, 0});
    request.memory.push_back(std::move(memory));
  }
  return request;
}

hal_status_t StorageSide::run(Disk& disk, Request& request, uint32_t queue, uint32_t flags) {
  if (disk.submit(request, queue, flags) == HAL_OK) disk.kick(queue);
  for (int ms = 0; ms < 1000 && !request.result; ++ms) {
    Machine::current().advance_ns(1'000'000);
    Machine::current().deliver();
  }
  EXPECT_TRUE(request.result) << "the request did not end";
  return request.result.value_or(HAL_BUSY);
}

void StorageSide::end(Request& request, hal_status_t status) {
  EXPECT_FALSE(request.result) << "a request ends twice";
  request.result = status;
  for (const hal_segment_t& segment : request.segments) Machine::current().unmap_for_device(segment.device_address);
}

}  // namespace models

using namespace models;

extern "C" {

hal_status_t storage_add(hal_device_t*, const storage_info_t* info, const storage_ops_t* ops, void* context,
                         driver_handle_t* handle) {
  Machine::current().expect_may_sleep("storage_add");
  if (Machine::current().should_fail()) return HAL_NO_MEMORY;
  if (!is_sound(*info)) return HAL_INVALID;
  g_storage->disks.push_back({.info = *info, .ops = ops, .context = context, .is_gone = false, .outstanding = {}});
  *handle = static_cast<driver_handle_t>(g_storage->disks.size());
  return HAL_OK;
}

void storage_remove(driver_handle_t handle) {
  Machine::current().expect_may_sleep("storage_remove");
  Disk* disk = disk_of(handle);
  if (disk == nullptr) return;
  EXPECT_FALSE(disk->is_gone) << "a disk is removed twice";
  disk->is_gone = true;
  for (const auto& [tag, request] : disk->outstanding) g_storage->end(*request, HAL_NOT_FOUND);
  disk->outstanding.clear();
  // Their memory is somebody else's now, and the device goes on if it still does.
  Machine::current().advance_ns(10'000'000);
}

void storage_complete(driver_handle_t handle, uint32_t, uint64_t tag, hal_status_t status) {
  Machine::current().expect_no_lock("storage_complete");
  Disk* disk = disk_of(handle);
  if (disk == nullptr) return;
  const auto found = disk->outstanding.find(tag);
  ASSERT_NE(found, disk->outstanding.end()) << "a request was completed that is not outstanding";
  Request* request = found->second;
  disk->outstanding.erase(found);
  ++g_storage->completions;
  g_storage->end(*request, status);
}

void storage_resized(driver_handle_t, uint64_t) {}

}  // extern "C"
