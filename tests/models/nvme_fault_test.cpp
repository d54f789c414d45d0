// The NVMe driver with a controller that does not do as it should.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/models/nvme_fixture.hpp"

namespace models {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

TEST_F(Nvme, NeverReady) {
  model.never_ready = true;
  const uint64_t start = machine.now_ns();
  EXPECT_EQ(probe(), HAL_TIMEOUT);
  EXPECT_GE(machine.now_ns() - start, 2 * kSecond) << "as long as CAP.TO allows";
  EXPECT_LE(machine.now_ns() - start, 4 * kSecond);
}

TEST_F(Nvme, NeverStopsAtProbe) {
  model.enable_by_firmware();
  model.never_stops = true;
  EXPECT_EQ(probe(), HAL_TIMEOUT);
}

TEST_F(Nvme, FatalStatusFromBefore) {
  model.enable_by_firmware();
  model.is_fatal = true;  // a controller in this state is reset, and works then
  ASSERT_EQ(probe(), HAL_OK);
  check_transfer(storage.only_disk(), 0, {{0, 512}});
}

TEST_F(Nvme, FatalStatusInsteadOfReady) {
  model.is_fatal = true;
  EXPECT_EQ(probe(), HAL_ERROR);
}

TEST_F(Nvme, FatalStatusDuringIdentify) {
  model.edit_identify = [&](uint32_t what, uint32_t, uint8_t*) {
    if (what != 1) return;
    model.is_fatal = true;
    model.lost_admin = {0x01, 0x05, 0x06, 0x09};
  };
  const uint64_t start = machine.now_ns();
  EXPECT_EQ(probe(), HAL_ERROR);
  EXPECT_LT(machine.now_ns() - start, kSecond) << "nobody waits for a controller that has given up";
}

TEST_F(Nvme, GoneBeforeProbe) {
  machine.is_gone = true;
  EXPECT_EQ(probe(), HAL_NOT_FOUND);
}

TEST_F(Nvme, GoneDuringProbe) {
  model.edit_identify = [&](uint32_t, uint32_t, uint8_t*) { machine.is_gone = true; };
  const uint64_t start = machine.now_ns();
  EXPECT_EQ(probe(), HAL_ERROR);
  EXPECT_LT(machine.now_ns() - start, kSecond);
}

TEST_F(Nvme, GoneWithRequestsOutstanding) {
  ASSERT_EQ(probe(), HAL_OK);
  model.holds = true;
  Request& request = send_read(storage.only_disk(), 1);
  machine.is_gone = true;
  machine.interrupt(Machine::kFirstMessage + 1);
  driver.shutdown(context);
  remove();
  EXPECT_EQ(request.result, HAL_NOT_FOUND);
}

TEST_F(Nvme, RegistersTooFew) {
  machine.device.bar[0].size = 16;
  EXPECT_EQ(probe(), HAL_NOT_FOUND);
}

TEST_F(Nvme, DoorbellsBeyondTheRegisters) {
  model.doorbell_shift = 15;
  EXPECT_EQ(probe(), HAL_NOT_SUPPORTED);
}

TEST_F(Nvme, DoorbellsOfIoQueuesBeyondTheRegisters) {
  model.doorbell_shift = 9;  // two of 2048 bytes each for the admin queue, and the registers end
  EXPECT_EQ(probe(), HAL_NOT_SUPPORTED);
}

TEST_F(Nvme, QueuesTooSmall) {
  model.most_entries = 63;
  EXPECT_EQ(probe(), HAL_NOT_SUPPORTED);
}

TEST_F(Nvme, PagesTooLarge) {
  model.smallest_page = 1;
  EXPECT_EQ(probe(), HAL_NOT_SUPPORTED);
}

TEST_F(Nvme, OtherCommandSets) {
  model.has_nvm_commands = false;
  EXPECT_EQ(probe(), HAL_NOT_SUPPORTED);
}

class NvmeAdmin : public Nvme, public testing::WithParamInterface<uint8_t> {};

TEST_P(NvmeAdmin, IsNeverAnswered) {
  model.lost_admin = {GetParam()};
  const uint64_t start = machine.now_ns();
  EXPECT_EQ(probe(), HAL_TIMEOUT);
  EXPECT_GE(machine.now_ns() - start, 5 * kSecond);
  EXPECT_LE(machine.now_ns() - start, 10 * kSecond);
}

TEST_P(NvmeAdmin, Fails) {
  model.admin_status[GetParam()] = 6;  // internal error
  EXPECT_EQ(probe(), HAL_ERROR);
}

TEST_P(NvmeAdmin, IsNotKnown) {
  model.admin_status[GetParam()] = NvmeModel::kInvalidOpcode;
  EXPECT_EQ(probe(), HAL_NOT_SUPPORTED);
}

INSTANTIATE_TEST_SUITE_P(Command, NvmeAdmin, testing::Values(0x01, 0x05, 0x06, 0x09));

TEST_F(Nvme, AdminAnswersUnderAnotherName) {
  model.wrong_admin_id = true;
  EXPECT_EQ(probe(), HAL_TIMEOUT);
}

TEST_F(Nvme, ControllerFallsSilentBetweenNamespaces) {
  for (uint32_t id = 2; id <= 16; ++id) model.namespaces.push_back({.id = id, .contents = {}});
  model.edit_identify = [&](uint32_t what, uint32_t id, uint8_t*) {
    if (what == 0 && id == 3) model.lost_admin = {0x06};
  };
  const uint64_t start = machine.now_ns();
  EXPECT_EQ(probe(), HAL_TIMEOUT);
  EXPECT_LE(machine.now_ns() - start, 10 * kSecond) << "one time-out, not one for each namespace";
}

TEST_F(Nvme, NamespaceThatIsRefusedIsLeftOut) {
  model.namespaces.push_back({.id = 2, .contents = std::vector<uint8_t>(4096 * 512)});
  model.edit_identify = [&](uint32_t what, uint32_t, uint8_t*) {
    if (what == 2) model.namespaces.pop_front();  // it goes between the list and the question
  };
  ASSERT_EQ(probe(), HAL_OK);
  EXPECT_EQ(storage.disks.size(), 1u);
}

struct Strange {
  const char* name;
  uint32_t at, value, bytes;
};
class NvmeNamespaceFormat : public Nvme, public testing::WithParamInterface<Strange> {};

TEST_P(NvmeNamespaceFormat, IsLeftOut) {
  const Strange strange = GetParam();
  model.edit_identify = [&](uint32_t what, uint32_t, uint8_t* page) {
    for (uint32_t i = 0; what == 0 && i < strange.bytes; ++i)
      page[strange.at + i] = static_cast<uint8_t>(strange.value >> 8 * (i % 4));
  };
  ASSERT_EQ(probe(), HAL_OK);
  EXPECT_TRUE(storage.disks.empty());
}

INSTANTIATE_TEST_SUITE_P(Of, NvmeNamespaceFormat,
                         testing::Values(Strange{"NoBlocks", 0, 0, 8}, Strange{"TooManyBlocks", 0, 0xffffffff, 8},
                                         Strange{"SmallBlocks", 128, 8 << 16, 4}, Strange{"OneByteBlocks", 128, 0, 4},
                                         Strange{"HugeBlocks", 128, 13 << 16, 4},
                                         Strange{"ShiftBeyondAnyInteger", 128, 255 << 16, 4},
                                         Strange{"Metadata", 128, 9 << 16 | 8, 4},
                                         Strange{"FormatThatIsNotDescribed", 26, 15, 1}),
                         [](const auto& strange) { return std::string(strange.param.name); });

TEST_F(Nvme, TransferLimitsOutOfRange) {
  for (const int limit : {16, 31, 32, 255}) {
    model.transfer_limit = 0;
    model.edit_identify = [&](uint32_t what, uint32_t, uint8_t* page) {
      if (what == 1) page[77] = static_cast<uint8_t>(limit);
    };
    ASSERT_EQ(probe(), HAL_OK);
    EXPECT_EQ(storage.disks.back().info.max_blocks, 512u);
    check_transfer(storage.disks.back(), 0, {{0, 65536}});
    remove();
  }
}

TEST_F(Nvme, TextWithoutEndAndWithControlCharacters) {
  model.edit_identify = [&](uint32_t what, uint32_t, uint8_t* page) {
    for (uint32_t i = 4; what == 1 && i < 72; ++i) page[i] = static_cast<uint8_t>(i % 2 == 0 ? 'x' : 0x1b);
  };
  ASSERT_EQ(probe(), HAL_OK);
  EXPECT_EQ(strlen(storage.only_disk().info.model), 40u);
  EXPECT_EQ(strchr(storage.only_disk().info.model, 0x1b), nullptr);
}

TEST_F(Nvme, FullListOfNamespaces) {
  model.edit_identify = [&](uint32_t what, uint32_t, uint8_t* page) {
    for (uint32_t i = 0; what == 2 && i < 4096; ++i) page[i] = i % 4 == 0 ? 1 : 0;
  };
  ASSERT_EQ(probe(), HAL_OK);
  EXPECT_EQ(storage.disks.size(), 16u);
  EXPECT_TRUE(machine.logged("more than 16"));
}

struct Answer {
  uint16_t status;
  hal_status_t expected;
};
class NvmeStatus : public Nvme, public testing::WithParamInterface<Answer> {};

TEST_P(NvmeStatus, IsReportedOnce) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  model.statuses = {GetParam().status};
  EXPECT_EQ(storage.run(disk, storage.make(disk, STORAGE_READ, 0, {{0, 4096}})), GetParam().expected);
  check_transfer(disk, 0, {{0, 4096}});
}

INSTANTIATE_TEST_SUITE_P(Of, NvmeStatus,
                         testing::Values(Answer{NvmeModel::kInvalidOpcode, HAL_NOT_SUPPORTED},
                                         Answer{NvmeModel::kInvalidField, HAL_INVALID},
                                         Answer{NvmeModel::kOutOfRange, HAL_INVALID},
                                         Answer{NvmeModel::kDataTransferError, HAL_ERROR},
                                         Answer{NvmeModel::kUnrecoveredRead, HAL_ERROR}, Answer{0x7ff, HAL_ERROR}));

TEST_F(Nvme, OneFailedCommandFailsTheRequest) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  model.statuses = {NvmeModel::kSuccess, NvmeModel::kUnrecoveredRead, NvmeModel::kSuccess};
  EXPECT_EQ(storage.run(disk, storage.make(disk, STORAGE_READ, 0, {{512, 512}, {512, 512}, {512, 512}})), HAL_ERROR);
  EXPECT_EQ(model.history.size(), 3u);
}

TEST_F(Nvme, AnswerThatNeverComes) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  model.lose = 1;
  Request& lost = send_read(disk, 1);
  settle();
  for (uint32_t i = 0; i < 300; ++i)
    ASSERT_EQ(storage.run(disk, storage.make(disk, STORAGE_READ, 2, {{0, 512}})), HAL_OK);
  EXPECT_FALSE(lost.result) << "its memory is still the controller's";
  remove();
  EXPECT_EQ(lost.result, HAL_NOT_FOUND);
}

TEST_F(Nvme, AnswerUnderAnotherName) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  model.wrong_id = 1;
  Request& lost = send_read(disk, 1);
  settle();
  EXPECT_FALSE(lost.result);
  EXPECT_TRUE(machine.logged("an answer to nothing"));
  check_transfer(disk, 0, {{0, 4096}});
  remove();
  EXPECT_EQ(lost.result, HAL_NOT_FOUND);
}

TEST_F(Nvme, AnswerThatComesTwice) {
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  model.repeat = 1;
  EXPECT_EQ(storage.run(disk, storage.make(disk, STORAGE_READ, 0, {{0, 512}})), HAL_OK);
  EXPECT_EQ(storage.completions, 1u);
  EXPECT_TRUE(machine.logged("an answer to nothing"));
  check_transfer(disk, 0, {{0, 4096}});
}

class NvmePhase : public Nvme, public testing::WithParamInterface<uint16_t> {};

TEST_P(NvmePhase, IsStuck) {
  machine.cpus = 1;
  ASSERT_EQ(probe(), HAL_OK);
  Disk& disk = storage.only_disk();
  for (uint32_t i = 0; i < 100; ++i)
    ASSERT_EQ(storage.run(disk, storage.make(disk, STORAGE_READ, 2, {{0, 512}})), HAL_OK);
  model.stuck_phase = GetParam();
  for (uint32_t i = 0; i < 64; ++i) send_read(disk, i);
  settle();
  // What the driver can see has ended, the rest has not; nothing ended twice.
  EXPECT_EQ(storage.completions, GetParam() == 1 ? 128u : 100u);
  remove();
}

INSTANTIATE_TEST_SUITE_P(At, NvmePhase, testing::Values(0, 1));

TEST_F(Nvme, InterruptsWithoutCause) {
  machine.messages = 0;
  ASSERT_EQ(probe(), HAL_OK);
  for (int i = 0; i < 1000; ++i) machine.interrupt(Machine::kWiredLine);
  EXPECT_EQ(storage.completions, 0u);
  check_transfer(storage.only_disk(), 0, {{0, 4096}});
}

TEST_F(Nvme, SharesItsLine) {
  machine.messages = 0;
  int others = 0;
  const hal_irq_handler_t other = [](uint32_t, void* count) { ++*static_cast<int*>(count); };
  machine.add_handler({Machine::kWiredLine, other, &others});
  ASSERT_EQ(probe(), HAL_OK);
  check_transfer(storage.only_disk(), 0, {{0, 4096}});
  EXPECT_GT(others, 0);
  remove();
  machine.interrupt(Machine::kWiredLine);
  EXPECT_EQ(machine.remove_handler({Machine::kWiredLine, other, &others}), HAL_OK);
}

TEST_F(Nvme, LeavesASharedLineQuiet) {
  machine.messages = 0;
  int others = 0;
  const hal_irq_handler_t other = [](uint32_t, void* count) { ++*static_cast<int*>(count); };
  machine.add_handler({Machine::kWiredLine, other, &others});
  ASSERT_EQ(probe(), HAL_OK);
  for (uint32_t i = 0; i < 8; ++i) send_read(storage.only_disk(), i);  // answered while the controller stops
  remove();
  EXPECT_LT(others, 100);
  EXPECT_EQ(machine.remove_handler({Machine::kWiredLine, other, &others}), HAL_OK);
}

TEST_F(Nvme, FatalStatusWithRequestsOutstanding) {
  ASSERT_EQ(probe(), HAL_OK);
  model.holds = true;
  Request& request = send_read(storage.only_disk(), 1);
  model.is_fatal = true;
  settle();
  remove();
  EXPECT_EQ(request.result, HAL_NOT_FOUND);
}

TEST_F(Nvme, NeverStopsAtRemovalAndReachesNoMemory) {
  ASSERT_EQ(probe(), HAL_OK);
  model.holds = true;
  for (uint32_t i = 0; i < 8; ++i) send_read(storage.only_disk(), i, 4096);
  model.never_stops = true;
  remove();
  EXPECT_TRUE(machine.logged("does not stop"));
  model.release_all();  // into memory that is no longer the controller's
}

TEST_F(Nvme, NeverEndsItsShutdown) {
  ASSERT_EQ(probe(), HAL_OK);
  model.is_fatal = true;
  driver.shutdown(context);
  EXPECT_TRUE(machine.logged("did not finish"));
}

}  // namespace
}  // namespace models
