// Queues: what is joined, what waits, and that every request is answered once.

#include "kernel/block/queue.hpp"

#include <cstring>
#include <vector>

#include "kernel/block/batch.hpp"

namespace {

struct Started {
  block::Operation operation;
  u64 sector;
  u32 sectors;
};

class SlowDevice final : public block::QueuedDevice {
 public:
  explicit SlowDevice(const block::Description& description) : QueuedDevice(description) {}
  std::vector<block::Request*> under_way;
  std::vector<Started> log;
  void answer() {
    auto* chain = under_way.front();
    under_way.erase(under_way.begin());
    finished(*chain, {});
  }

 protected:
  void start(block::Request& chain) override {
    under_way.push_back(&chain);
    log.push_back({chain.operation, chain.sector, block::chain_sectors(chain)});
  }
};

struct Counted : block::Request {
  int answers = 0;
  Errno error{};
  block::Segment memory;
};

lib::Ref<SlowDevice> make_device() {
  block::Description description;
  std::memcpy(description.name, "slow", 5);
  description.sectors = 1000;
  description.limits.queue_depth = 1;
  description.limits.max_sectors = 64;
  return *lib::make_ref<SlowDevice>(description);
}

u8 g_memory[8192];

void prepare(Counted& request, block::Operation operation, u64 sector, u32 sectors) {
  request.operation = operation;
  request.sector = sector;
  request.sectors = sectors;
  request.memory = block::segment_of(g_memory, sectors * 512);
  request.segments = {&request.memory, 1};
  request.done = [](block::Request& done, Status status) {
    ++static_cast<Counted&>(done).answers;
    if (!status) static_cast<Counted&>(done).error = status.error();
  };
}

TEST(BlockQueue, NeighboursAreJoined) {
  auto device = make_device();
  Counted first, requests[5];
  prepare(first, block::Operation::Write, 500, 8);
  device->submit(first);
  prepare(requests[0], block::Operation::Write, 100, 8);
  prepare(requests[1], block::Operation::Write, 108, 8);
  prepare(requests[2], block::Operation::Write, 92, 8);
  prepare(requests[3], block::Operation::Read, 116, 8);
  prepare(requests[4], block::Operation::Write, 300, 8);
  for (auto& request : requests) device->submit(request);
  while (!device->under_way.empty()) device->answer();
  ASSERT_EQ(device->log.size(), 4u);
  EXPECT_EQ(device->log[1].sector, 92u);
  EXPECT_EQ(device->log[1].sectors, 24u);
  for (auto& request : requests) EXPECT_EQ(request.answers, 1);
}

TEST(BlockQueue, OutsideTheDeviceIsRefused) {
  auto device = make_device();
  Counted request;
  prepare(request, block::Operation::Read, 996, 8);
  device->submit(request);
  EXPECT_EQ(request.answers, 1);
  EXPECT_EQ(request.error, Errno::EIO);
  prepare(request, block::Operation::Read, ~u64{0}, 8);
  device->submit(request);
  EXPECT_EQ(request.error, Errno::EIO);
  EXPECT_TRUE(device->log.empty());
}

TEST(BlockQueue, AbandonedRequestsAreAnswered) {
  auto device = make_device();
  Counted first, second, third;
  prepare(first, block::Operation::Read, 0, 8);
  prepare(second, block::Operation::Read, 100, 8);
  prepare(third, block::Operation::Read, 200, 8);
  device->submit(first);
  device->submit(second);
  device->abandon();
  device->submit(third);
  EXPECT_EQ(first.answers, 0);
  EXPECT_EQ(second.error, Errno::ENODEV);
  EXPECT_EQ(third.error, Errno::ENODEV);
  device->answer();
  EXPECT_EQ(first.answers, 1);
}

}  // namespace
