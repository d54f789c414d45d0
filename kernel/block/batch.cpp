#include "kernel/block/batch.hpp"

namespace block {

Batch::~Batch() { static_cast<void>(wait()); }

void Batch::piece_done(Request& request, Status status) {
  Batch& batch = *static_cast<Piece&>(request).batch;
  // Woken with the lock held: the waiter looks under the lock too, so the batch is still there now.
  batch.progress_.with([&](Progress& progress) {
    if (!status && progress.result) progress.result = status;
    if (--progress.under_way == 0) batch.finished_.wake_all();
  });
}

bool Batch::extend(Operation operation, u64 sector, const Segment& segment) {
  const u32 sectors = segment.length >> kSectorShift;
  if (open_ == nullptr || open_->operation != operation || open_->end() != sector || open_->used == open_->capacity ||
      open_->used >= device_.limits().max_segments || open_->sectors + sectors > device_.limits().max_sectors) {
    return false;
  }
  open_->storage[open_->used++] = segment;
  open_->sectors += sectors;
  return true;
}

void Batch::open_piece() {
  if (sent_count_ >= kMostUnderWay) wait_for_all();
  if (LargePiece* large = lib::try_new<LargePiece>()) {
    large->storage = large->memory;
    large->capacity = kSegments;
    open_ = large;
  } else {
    wait_for_all();
    small_ = Piece();
    small_.storage = small_segments_;
    small_.capacity = kSmallSegments;
    open_ = &small_;
  }
  open_->batch = this;
  open_->done = piece_done;
}

void Batch::add(Operation operation, u64 sector, const Segment& segment) {
  if (extend(operation, sector, segment)) return;
  send();
  open_piece();
  open_->operation = operation;
  open_->sector = sector;
  open_->storage[open_->used++] = segment;
  open_->sectors = segment.length >> kSectorShift;
}

void Batch::send() {
  Piece* piece = std::exchange(open_, nullptr);
  if (piece == nullptr) return;
  piece->segments = {piece->storage, piece->used};
  if (piece != &small_) {
    piece->next = sent_;
    sent_ = piece;
  }
  ++sent_count_;
  progress_.with([](Progress& progress) { ++progress.under_way; });
  device_.submit(*piece);
}

void Batch::wait_for_all() {
  static_cast<void>(
      finished_.wait([&] { return progress_.with([](Progress& progress) { return progress.under_way == 0; }); }));
  while (sent_ != nullptr) lib::destroy(static_cast<LargePiece*>(std::exchange(sent_, sent_->next)));
  sent_count_ = 0;
}

Status Batch::wait() {
  send();
  wait_for_all();
  return progress_.with([](Progress& progress) { return std::exchange(progress.result, Status()); });
}

namespace {

struct Single : Request {
  struct Outcome {
    bool is_done = false;
    Status status;
  };
  sync::Locked<Outcome, sync::LockClass::BlockBatch> outcome;
  sync::WaitQueue finished;
};

void single_done(Request& request, Status status) {
  Single& single = static_cast<Single&>(request);
  single.outcome.with([&](Single::Outcome& outcome) {
    outcome = {true, status};
    single.finished.wake_all();
  });
}

Status run(Device& device, Single& single) {
  single.done = single_done;
  device.submit(single);
  static_cast<void>(single.finished.wait(
      [&] { return single.outcome.with([](Single::Outcome& outcome) { return outcome.is_done; }); }));
  return single.outcome.with([](Single::Outcome& outcome) { return outcome.status; });
}

Status transfer(Device& device, Operation operation, u64 sector, const Segment& segment) {
  Batch batch(device);
  batch.add(operation, sector, segment);
  return batch.wait();
}

}  // namespace

Status read(Device& device, u64 sector, const Segment& segment) {
  return transfer(device, Operation::Read, sector, segment);
}

Status write(Device& device, u64 sector, const Segment& segment) {
  return transfer(device, Operation::Write, sector, segment);
}

Status flush(Device& device) {
  Single single;
  single.operation = Operation::Flush;
  return run(device, single);
}

Status discard(Device& device, u64 sector, u32 sectors) {
  Single single;
  single.operation = Operation::Discard;
  single.sector = sector;
  single.sectors = sectors;
  return run(device, single);
}

}  // namespace block
