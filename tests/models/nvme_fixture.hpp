// A machine with an NVMe controller, and the driver on it.
#pragma once

#include "tests/models/nvme_model.hpp"
#include "tests/models/storage_side.hpp"

namespace models {

class Nvme : public testing::Test {
 protected:
  Machine machine;
  StorageSide storage;
  NvmeModel model{machine};
  const driver_ops_v2_t& driver = driver_named("nvme");
  void* context = nullptr;

  hal_status_t probe() {
    const hal_status_t status = driver.probe(&machine.device, &context);
    if (status != HAL_OK) context = nullptr;
    return status;
  }
  void remove() {
    driver.remove(context);
    context = nullptr;
  }
  void TearDown() override {
    if (context != nullptr) remove();
    // A controller that goes on now does so in memory that is no longer its own.
    model.holds = false;
    machine.advance_ns(60'000'000'000);
    machine.deliver();
    machine.expect_nothing_held();
    for (const Disk& disk : storage.disks) EXPECT_TRUE(disk.is_gone && disk.outstanding.empty());
    for (const Request& request : storage.requests) EXPECT_TRUE(request.result);
  }
  // Any bytes, the same for the same seed.
  static std::vector<uint8_t> pattern(size_t size, uint32_t seed) {
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
    return bytes;
  }
  static uint32_t length_of(const std::vector<Piece>& pieces) {
    uint32_t length = 0;
    for (const Piece& piece : pieces) length += piece.length;
    return length;
  }
  // Writes, reads back and compares, with what the medium has as well.
  void check_transfer(Disk& disk, uint64_t lba, const std::vector<Piece>& pieces, uint32_t queue = 0) {
    const auto bytes = pattern(length_of(pieces), static_cast<uint32_t>(lba) + 7);
    EXPECT_EQ(storage.run(disk, storage.make(disk, STORAGE_WRITE, lba, pieces, bytes), queue), HAL_OK);
    const auto from = model.namespaces.front().contents.begin() + static_cast<ptrdiff_t>(lba * disk.info.block_size);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), from));
    Request& reading = storage.make(disk, STORAGE_READ, lba, pieces);
    EXPECT_EQ(storage.run(disk, reading, queue), HAL_OK);
    EXPECT_EQ(reading.bytes(), bytes);
  }
  Request& send_read(Disk& disk, uint64_t lba, uint32_t length = 512, uint32_t queue = 0) {
    Request& request = storage.make(disk, STORAGE_READ, lba, {{0, length}});
    EXPECT_EQ(disk.submit(request, queue), HAL_OK);
    disk.kick(queue);
    return request;
  }
  void settle() {
    machine.advance_ns(1'000'000);
    machine.deliver();
  }
};

}  // namespace models
