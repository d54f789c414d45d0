// The NVMe driver with a controller that does as it should.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/models/nvme_fixture.hpp"

namespace models {
namespace {

TEST_F(Nvme, AnnouncesWhatTheControllerSays) {
  ASSERT_EQ(probe(), HAL_OK);
  const storage_info_t& info = storage.only_disk().info;
  EXPECT_STREQ(info.model, "Model of a controller");
  EXPECT_STREQ(info.serial, "S-0815");
  EXPECT_STREQ(info.firmware, "1.0");
  EXPECT_EQ(info.blocks, 4096u);
  EXPECT_EQ(info.block_size, 512u);
  EXPECT_EQ(info.flags, static_cast<uint32_t>(STORAGE_HAS_CACHE | STORAGE_HAS_FUA | STORAGE_HAS_DISCARD));
  EXPECT_EQ(info.queues, machine.cpus);
}

TEST_F(Nvme, TakesOverFromFirmware) {
  model.enable_by_firmware();
  ASSERT_EQ(probe(), HAL_OK);
  check_transfer(storage.only_disk(), 0, {{0, 4096}});
}

TEST_F(Nvme, TransfersOfAllShapes) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  check_transfer(disk, 0, {{0, 512}});
  check_transfer(disk, 5, {{512, 1024}});
  check_transfer(disk, 9, {{4, 512}});                             // dword alignment is enough
  check_transfer(disk, 11, {{3584, 1024}});                        // over a page's edge
  check_transfer(disk, 20, {{0, 8192}});                           // two pages
  check_transfer(disk, 40, {{0, 12288}});                          // a list
  check_transfer(disk, 80, {{2048, 65536}});                       // that begins inside a page
  check_transfer(disk, 300, {{1024, 3072}, {0, 4096}, {0, 512}});  // pieces that fit together
  check_transfer(disk, 340, {{0, 512}, {512, 512}, {0, 4096}});    // pieces that do not
  check_transfer(disk, 4095, {{0, 512}});                          // the last block
}

TEST_F(Nvme, LargestRequests) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  check_transfer(disk, 0, {{0, 256 * 1024}});
  check_transfer(disk, 1000, {{2048, 256 * 1024}});  // 65 pages: the list is full
  const std::vector<Piece> pages(disk.info.max_segments, Piece{0, 4096});
  check_transfer(disk, 2000, pages);
  EXPECT_EQ(model.history.back().word12 + 1, 8u * disk.info.max_segments) << "one command";
}

TEST_F(Nvme, TransferLimitIsKept) {
  model.transfer_limit = 1;
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  EXPECT_EQ(disk.info.max_blocks, 16u);
  EXPECT_EQ(disk.info.max_segment_size, 8192u);
  check_transfer(disk, 3, std::vector<Piece>(8, Piece{0, 4096}));
  EXPECT_EQ(model.history.size(), 8u) << "four commands each way";
  EXPECT_EQ(storage.run(disk, storage.make(disk, STORAGE_READ, 0, {{0, 12288}})), HAL_INVALID);
}

TEST_F(Nvme, LargeBlocks) {
  model.namespaces[0].block_shift = 12;
  model.namespaces[0].blocks = 500;
  ASSERT_EQ(probe(), HAL_OK);
  EXPECT_EQ(storage.only_disk().info.block_size, 4096u);
  check_transfer(storage.only_disk(), 499, {{0, 4096}});
  check_transfer(storage.only_disk(), 17, {{512, 8192}});
  EXPECT_EQ(storage.run(storage.only_disk(), storage.make(storage.only_disk(), STORAGE_READ, 0, {{0, 512}})),
            HAL_INVALID);
}

TEST_F(Nvme, FlushDurableWriteAndDiscard) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  EXPECT_EQ(storage.run(disk, storage.make(disk, STORAGE_FLUSH, 0, {})), HAL_OK);
  EXPECT_EQ(model.flushes, 1u);
  Request& write = storage.make(disk, STORAGE_WRITE, 8, {{0, 512}}, pattern(512, 1));
  EXPECT_EQ(storage.run(disk, write, 0, STORAGE_FLAG_FUA), HAL_OK);
  EXPECT_NE(model.history.back().word12 & 1u << 30, 0u);
  storage_request_t discard = {};
  discard.tag = 1;
  discard.operation = STORAGE_DISCARD;
  discard.lba = 8;
  discard.blocks = 1;
  Request& request = storage.make(disk, STORAGE_DISCARD, 8, {});
  disk.outstanding[1] = &request;
  ASSERT_EQ(disk.ops->submit(disk.context, 0, &discard), HAL_OK);
  disk.kick();
  settle();
  EXPECT_EQ(request.result, HAL_OK);
  EXPECT_EQ(model.namespaces[0].contents[8 * 512], 0);
}

TEST_F(Nvme, RefusesWhatIsNoRequest) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  EXPECT_EQ(disk.submit(storage.make(disk, STORAGE_READ, 0, {{0, 100}})), HAL_INVALID);
  EXPECT_EQ(disk.submit(storage.make(disk, STORAGE_READ, 0, {{2, 512}})), HAL_INVALID);
  EXPECT_EQ(disk.submit(storage.make(disk, STORAGE_READ, 0, {})), HAL_INVALID);
  EXPECT_EQ(disk.submit(storage.make(disk, STORAGE_FLUSH, 0, {{0, 512}})), HAL_INVALID);
  EXPECT_EQ(disk.submit(storage.make(disk, 9, 0, {{0, 512}})), HAL_INVALID);
  EXPECT_EQ(disk.submit(storage.make(disk, STORAGE_READ, 0, {{0, 512}}), 7), HAL_INVALID);
  EXPECT_EQ(storage.run(disk, storage.make(disk, STORAGE_READ, 4096, {{0, 512}})), HAL_INVALID);
  EXPECT_EQ(storage.run(disk, storage.make(disk, STORAGE_READ, 4095, {{0, 1024}})), HAL_INVALID);
}

TEST_F(Nvme, RingsGoRoundManyTimes) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  for (uint32_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(storage.run(disk, storage.make(disk, STORAGE_READ, i, {{0, 512}}), i % 2), HAL_OK);
  }
  EXPECT_EQ(storage.completions, 1000u);
}

TEST_F(Nvme, FullQueueIsBusyAndGoesOn) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  model.holds = true;
  std::vector<Request*> taken;
  for (;;) {
    Request& request = storage.make(disk, STORAGE_READ, taken.size(), {{0, 512}});
    const hal_status_t status = disk.submit(request);
    if (status != HAL_OK) {
      ASSERT_EQ(status, HAL_BUSY);
      storage.end(request, status);
      break;
    }
    taken.push_back(&request);
  }
  EXPECT_EQ(taken.size(), 64u);
  EXPECT_EQ(model.waiting(), 0u) << "nothing before the kick";
  disk.kick();
  ASSERT_EQ(model.waiting(), taken.size());
  // Answers in any order.
  for (uint32_t i = 0; model.waiting() != 0; ++i) model.release(i * 7 % model.waiting());
  settle();
  for (const Request* request : taken) EXPECT_EQ(request->result, HAL_OK);
  model.holds = false;
  check_transfer(disk, 100, {{0, 4096}});
}

TEST_F(Nvme, ARequestOfSeveralCommandsEndsOnce) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  model.holds = true;
  Request& request = storage.make(disk, STORAGE_READ, 0, std::vector<Piece>(16, Piece{1024, 512}));
  ASSERT_EQ(disk.submit(request), HAL_OK);
  disk.kick();
  ASSERT_EQ(model.waiting(), 16u);
  while (model.waiting() != 0) {
    EXPECT_FALSE(request.result);
    model.release(model.waiting() - 1);
    settle();
  }
  EXPECT_EQ(request.result, HAL_OK);
  // Four more fill the queue; there is no room for the pieces of a fifth.
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(disk.submit(storage.make(disk, STORAGE_READ, 0, std::vector<Piece>(16, Piece{1024, 512}))), HAL_OK);
  }
  Request& fifth = storage.make(disk, STORAGE_READ, 0, {{1024, 512}, {1024, 512}});
  EXPECT_EQ(disk.submit(fifth), HAL_BUSY);
  storage.end(fifth, HAL_BUSY);
  disk.kick();
  model.release_all();
  settle();
}

TEST_F(Nvme, SeveralNamespaces) {
  model.namespaces.push_back({.id = 5, .block_shift = 12, .blocks = 10, .contents = std::vector<uint8_t>(40960, 3)});
  ASSERT_EQ(probe(), HAL_OK);
  ASSERT_EQ(storage.disks.size(), 2u);
  Request& request = storage.make(storage.disks[1], STORAGE_READ, 9, {{0, 4096}});
  EXPECT_EQ(storage.run(storage.disks[1], request), HAL_OK);
  EXPECT_EQ(request.bytes(), std::vector<uint8_t>(4096, 3));
  check_transfer(storage.disks[0], 0, {{0, 512}});
}

TEST_F(Nvme, OneWiredLineForAllQueues) {
  machine.messages = 0;
  machine.cpus = 4;
  ASSERT_EQ(probe(), HAL_OK);
  for (uint32_t queue = 0; queue < 4; ++queue) check_transfer(storage.only_disk(), 64 * queue, {{0, 4096}}, queue);
}

TEST_F(Nvme, FewerInterruptsThanQueues) {
  machine.cpus = 8;
  machine.messages = 3;
  ASSERT_EQ(probe(), HAL_OK);
  EXPECT_EQ(storage.only_disk().info.queues, 8u);
  for (uint32_t queue = 0; queue < 8; ++queue) check_transfer(storage.only_disk(), 64 * queue, {{0, 4096}}, queue);
}

TEST_F(Nvme, FewerQueuesThanAskedFor) {
  machine.cpus = 8;
  model.most_queues = 3;
  ASSERT_EQ(probe(), HAL_OK);
  EXPECT_EQ(storage.only_disk().info.queues, 3u);
  for (uint32_t queue = 0; queue < 3; ++queue) check_transfer(storage.only_disk(), queue, {{0, 512}}, queue);
}

TEST_F(Nvme, WideDoorbells) {
  model.doorbell_shift = 4;
  ASSERT_EQ(probe(), HAL_OK);
  check_transfer(storage.only_disk(), 0, {{0, 4096}}, 1);
}

TEST_F(Nvme, ShutdownIsAnnounced) {
  ASSERT_EQ(probe(), HAL_OK);
  driver.shutdown(context);
  EXPECT_TRUE(model.was_shut_down);
}

TEST_F(Nvme, RemovedWithRequestsOutstanding) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  model.holds = true;
  for (uint32_t i = 0; i < 40; ++i) send_read(disk, i, 4096, i % 2);
  model.holds = false;  // they are carried out as soon as time goes by
  remove();
  for (const Request& request : storage.requests) EXPECT_TRUE(request.result);
}

TEST_F(Nvme, ProbedAgainAfterRemoval) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(probe(), HAL_OK);
    check_transfer(storage.disks.back(), 0, {{0, 4096}});
    remove();
    machine.expect_nothing_held();
  }
}

TEST_F(Nvme, EachFailureOfAProbeLeavesNothing) {
  uint32_t failures = 0;
  for (uint32_t at = 1;; ++at) {
    machine.fail_at = at;
    machine.failable = 0;
    const hal_status_t status = probe();
    if (machine.failable < at) break;  // there was nothing left to fail
    ++failures;
    if (status == HAL_OK) remove();
    machine.expect_nothing_held();
    ASSERT_FALSE(HasFailure()) << "at " << at;
  }
  EXPECT_GT(failures, 15u);
  EXPECT_NE(context, nullptr);
}

}  // namespace
}  // namespace models
