// e1000 and e1000e with a controller that does not do as it should.
#include <gtest/gtest.h>

#include "tests/models/e1000_fixture.hpp"

namespace models {
namespace {

class E1000Fault : public E1000 {};

TEST_P(E1000Fault, GoneBeforeProbe) {
  machine.is_gone = true;
  EXPECT_EQ(probe(), HAL_NOT_SUPPORTED);
}

TEST_P(E1000Fault, RegistersTooFew) {
  machine.device.bar[0].size = 0x1000;
  EXPECT_EQ(probe(), HAL_NOT_SUPPORTED);
}

TEST_P(E1000Fault, ResetNeverEnds) {
  model.never_resets = true;
  const uint64_t start = machine.now_ns();
  EXPECT_EQ(probe(), HAL_TIMEOUT);
  EXPECT_LT(machine.now_ns() - start, 1'000'000'000u);
}

TEST_P(E1000Fault, EepromNeverAnswers) {
  model.eeprom_is_silent = true;
  EXPECT_EQ(probe(), GetParam().is_82574 ? HAL_TIMEOUT : HAL_NOT_SUPPORTED);
}

TEST_P(E1000Fault, AddressesThatAreNone) {
  for (const Bytes& address : {Bytes(6, 0xff), Bytes(6, 0), Bytes{1, 0, 0x5e, 0, 0, 1}}) {
    model.address = address;
    EXPECT_EQ(probe(), HAL_ERROR);
    machine.free_interrupts();
  }
}

TEST_P(E1000Fault, GoneWhileItRuns) {
  probe_and_start();
  model.holds = true;
  ASSERT_EQ(send(frame(60, 1), 1), HAL_OK);
  machine.is_gone = true;
  for (int i = 0; i < 10; ++i) interrupt();
  network.poll();
  remove();
  ASSERT_EQ(network.sent.size(), 1u);
  EXPECT_EQ(network.sent[0].second, HAL_ERROR);
}

TEST_P(E1000Fault, GoneBetweenStopAndStart) {
  probe_and_start();
  network.stop();
  machine.is_gone = true;
  EXPECT_EQ(network.start(), HAL_ERROR);
  EXPECT_EQ(network.lent(), 0u);
}

TEST_P(E1000Fault, DescriptorWithErrorBits) {
  probe_and_start();
  for (int bit = 0; bit < 8; ++bit) {
    ASSERT_TRUE(model.receive(frame(60, 1), {.errors = static_cast<uint8_t>(1 << bit)}));
  }
  ASSERT_TRUE(model.receive(frame(60, 2)));
  network.settle();
  ASSERT_EQ(network.received.size(), 1u);
  EXPECT_EQ(network.received[0], frame(60, 2));
}

TEST_P(E1000Fault, DescriptorWithALengthBeyondItsBuffer) {
  probe_and_start();
  for (const int length : {2049, 4096, 16384, 65535}) ASSERT_TRUE(model.receive(frame(60, 1), {.length = length}));
  network.settle();
  EXPECT_TRUE(network.received.empty());
  ASSERT_TRUE(model.receive(frame(60, 1), {.length = 2048}));
  network.settle();
  ASSERT_EQ(network.received.size(), 1u) << "the buffer is as long as that";
  EXPECT_EQ(network.received[0].size(), 2048u);
}

TEST_P(E1000Fault, FrameThatFillsItsBuffer) {
  probe_and_start();
  ASSERT_TRUE(model.receive(frame(2048, 1), {.is_forced = true}));
  network.settle();
  ASSERT_EQ(network.received.size(), 1u);
  EXPECT_EQ(network.received[0], frame(2048, 1));
}

TEST_P(E1000Fault, FrameOverSeveralDescriptorsIsDroppedWhole) {
  probe_and_start();
  ASSERT_TRUE(model.receive(frame(5000, 1), {.is_forced = true}));
  ASSERT_TRUE(model.receive(frame(60, 2)));
  network.settle();
  ASSERT_EQ(network.received.size(), 1u) << "its end is no frame";
  EXPECT_EQ(network.received[0], frame(60, 2));
}

TEST_P(E1000Fault, InterruptsWithoutCause) {
  probe_and_start();
  network.poll();
  for (int i = 0; i < 1000; ++i) interrupt();
  EXPECT_FALSE(network.is_poll_wanted);
}

TEST_P(E1000Fault, InterruptsBeforeTheInterfaceIsUpAndAfter) {
  ASSERT_EQ(probe(), HAL_OK);
  model.plug(false);  // its cause is there, though masked: another device on the line interrupts
  interrupt();
  ASSERT_EQ(network.start(), HAL_OK);
  network.settle();
  network.stop();
  model.raise(E1000Model::kReceived | E1000Model::kLinkChanged);
  interrupt();
  EXPECT_EQ(network.received.size(), 0u);
}

TEST_P(E1000Fault, CausesThatNobodyAskedFor) {
  probe_and_start();
  model.raise(0xff1fff2a);
  network.settle();
  ASSERT_TRUE(model.receive(frame(60, 1)));
  network.settle();
  EXPECT_EQ(network.received.size(), 1u);
}

TEST_P(E1000Fault, ASharedLineInterruptsWhileTheKernelPolls) {
  probe_and_start();
  ASSERT_TRUE(model.receive(frame(60, 1)));
  machine.deliver();
  ASSERT_TRUE(network.is_poll_wanted);
  network.is_poll_wanted = false;  // the kernel is about to poll
  ASSERT_TRUE(model.receive(frame(60, 2)));
  interrupt();  // takes the cause away, though it is masked
  network.settle();
  network.poll();
  EXPECT_EQ(network.received.size(), 2u);
  ASSERT_TRUE(model.receive(frame(60, 3)));
  network.settle();
  EXPECT_EQ(network.received.size(), 3u);
}

TEST_P(E1000Fault, NeverStopsAndReachesNoMemory) {
  probe_and_start();
  model.holds = true;
  ASSERT_EQ(send(frame(60, 1), 1), HAL_OK);
  model.ignores_reset = true;
  network.stop();
  EXPECT_EQ(network.sent.size(), 1u);
  model.receive(frame(60, 1));
  model.send();
  model.ignores_reset = false;
  ASSERT_EQ(network.start(), HAL_OK) << "it may have come to its senses";
  network.settle();
  ASSERT_TRUE(model.receive(frame(60, 2)));
  network.settle();
  EXPECT_EQ(network.received.size(), 1u);
  model.ignores_reset = true;
}

TEST_P(E1000Fault, NoBuffersForAWhile) {
  probe_and_start();
  network.buffers_left = 0;
  const std::vector<Bytes> frames(300, frame(60, 1));
  for (const Bytes& each : frames) {
    model.receive(each);
    network.settle();
  }
  EXPECT_EQ(network.received.size(), 300u) << "each buffer that comes free is lent again";
}

INSTANTIATE_TEST_SUITE_P(On, E1000Fault,
                         testing::Values(Chip{"e1000", false, false}, Chip{"e1000e", true, false},
                                         Chip{"e1000e", true, true}),
                         [](const auto& chip) {
                           return std::string(chip.param.driver) + (chip.param.has_messages ? "WithMessages" : "");
                         });

}  // namespace
}  // namespace models
