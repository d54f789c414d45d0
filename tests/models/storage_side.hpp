// The kernel's side of storage drivers: the disks that were announced, and their requests. A request that ends twice,
// or that nobody sent, is a failed test; its memory is the device's until it ends.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "tests/models/machine.hpp"

namespace models {

// A piece of a request: where in its page it begins, and how long it is.
struct Piece {
  uint32_t offset, length;
};

struct Request {
  uint32_t operation;
  uint64_t lba;
  std::vector<std::unique_ptr<uint8_t[]>> memory;
  std::vector<hal_segment_t> segments;
  std::optional<hal_status_t> result;  // once it has ended
  // What was read, or is to be written, as one.
  std::vector<uint8_t> bytes() const;
};

struct Disk {
  storage_info_t info{};
  const storage_ops_t* ops = nullptr;
  void* context = nullptr;
  bool is_gone = false;
  std::map<uint64_t, Request*> outstanding;  // by tag

  // Whether the driver took it; what it refuses has ended.
  hal_status_t submit(Request& request, uint32_t queue = 0, uint32_t flags = 0);
  void kick(uint32_t queue = 0);
};

class StorageSide {
 public:
  StorageSide();
  ~StorageSide();
  std::deque<Disk> disks;  // those that are gone too; the handle is the place and one
  std::deque<Request> requests;
  uint64_t completions = 0;

  Disk& only_disk();
  Request& make(Disk& disk, uint32_t operation, uint64_t lba, const std::vector<Piece>& pieces,
                const std::vector<uint8_t>& contents = {});
  // Sends one, and lets interrupts come until it has ended or a second has gone by.
  hal_status_t run(Disk& disk, Request& request, uint32_t queue = 0, uint32_t flags = 0);
  void end(Request& request, hal_status_t status);

 private:
  friend struct Disk;
  uint64_t next_tag_ = 1000;
};

}  // namespace models
