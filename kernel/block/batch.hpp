// Several transfers that are waited for together; the synchronous way to use a device.
//
//   block::Batch batch(device);
//   batch.add(Operation::Write, sector, segment);   // neighbours in order become one request
//   TRY(batch.wait());                              // sends the rest, waits for all; the first error
//
// Nothing reaches the device before it has to: what is added in the order of sectors goes out as few large requests.
// A Batch lives on its thread's stack, needs memory only to have several requests under way (it goes on without), and
// waits in its destructor. May sleep.
#pragma once

#include "kernel/block/device.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace block {

class Batch {
 public:
  explicit Batch(Device& device) : device_(device) {}
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // Read and Write. The memory stays untouched by others until wait().
  void add(Operation operation, u64 sector, const Segment& segment);
  Status wait();

 private:
  static constexpr u32 kSegments = 64;
  static constexpr u32 kMostUnderWay = 16;
  static constexpr u32 kSmallSegments = 4;
  struct Piece : Request {
    Batch* batch = nullptr;
    Piece* next = nullptr;
    u32 used = 0;
    u32 capacity = 0;
    Segment* storage = nullptr;
  };
  struct LargePiece : Piece {
    Segment memory[kSegments];
  };
  struct Progress {
    u32 under_way = 0;
    Status result;
  };

  static void piece_done(Request& request, Status status);
  bool extend(Operation operation, u64 sector, const Segment& segment);
  void open_piece();
  void send();
  void wait_for_all();

  Device& device_;
  Piece* open_ = nullptr;  // being filled
  Piece* sent_ = nullptr;  // heap pieces to free after the wait
  u32 sent_count_ = 0;
  Segment small_segments_[kSmallSegments];
  Piece small_;  // where there is no memory
  sync::Locked<Progress, sync::LockClass::BlockBatch> progress_;
  sync::WaitQueue finished_;
};

// One transfer, or a flush or discard, to its end. May sleep.
Status read(Device& device, u64 sector, const Segment& segment);
Status write(Device& device, u64 sector, const Segment& segment);
Status flush(Device& device);
Status discard(Device& device, u64 sector, u32 sectors);

}  // namespace block
