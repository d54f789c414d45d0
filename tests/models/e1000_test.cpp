// e1000 and e1000e with a controller that does as it should.
#include <gtest/gtest.h>

#include "tests/models/e1000_fixture.hpp"

namespace models {
namespace {

constexpr size_t kRing = 256;

TEST_P(E1000, AnnouncesItsAddress) {
  ASSERT_EQ(probe(), HAL_OK);
  EXPECT_EQ(Bytes(network.info.address, network.info.address + 6), model.address);
  EXPECT_FALSE(model.is_receiving()) << "it is down at first";
}

TEST_P(E1000, ReceivesFramesOfAllSizes) {
  probe_and_start();
  for (const size_t size : {14, 60, 61, 62, 63, 64, 512, 1513, 1514, 1518}) {
    ASSERT_TRUE(model.receive(frame(size, static_cast<uint32_t>(size))));
    network.settle();
    ASSERT_EQ(network.received.size(), 1u);
    EXPECT_EQ(network.received.front(), frame(size, static_cast<uint32_t>(size)));
    network.received.clear();
  }
}

TEST_P(E1000, ReceiveRingGoesRound) {
  probe_and_start();
  for (uint32_t i = 0; i < 3 * kRing; ++i) {
    ASSERT_TRUE(model.receive(frame(60 + i % 1000, i)));
    if (i % 7 == 0) network.settle();
  }
  network.settle();
  ASSERT_EQ(network.received.size(), 3 * kRing);
  for (uint32_t i = 0; i < 3 * kRing; ++i) ASSERT_EQ(network.received[i], frame(60 + i % 1000, i));
}

TEST_P(E1000, FullReceiveRing) {
  probe_and_start();
  uint32_t taken = 0;
  while (model.receive(frame(60, taken))) ++taken;
  EXPECT_EQ(taken, kRing - 1);
  network.settle();
  EXPECT_EQ(network.received.size(), taken);
  ASSERT_TRUE(model.receive(frame(60, 9999)));
  network.settle();
  EXPECT_EQ(network.received.back(), frame(60, 9999));
}

TEST_P(E1000, PollKeepsToItsBudget) {
  probe_and_start();
  for (uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(model.receive(frame(60, i)));
  EXPECT_EQ(network.ops->poll(network.context, 0, 4), 4u);
  EXPECT_EQ(network.received.size(), 4u);
  EXPECT_EQ(network.ops->poll(network.context, 0, 4), 4u);
  EXPECT_EQ(network.ops->poll(network.context, 0, 4), 2u);
}

TEST_P(E1000, SendsFramesOfAllSizes) {
  probe_and_start();
  uint32_t number = 0;
  for (const size_t size : {14, 60, 1514, 2048}) {
    ASSERT_EQ(send(frame(size, number), number), HAL_OK);
    ASSERT_EQ(model.sent.size(), number + 1);
    EXPECT_EQ(model.sent.back(), frame(size, number));
    ++number;
  }
  EXPECT_EQ(network.transmit(frame(2049, 1), 99), HAL_INVALID);
  network.poll();
  EXPECT_EQ(network.sent.size(), 4u);
}

TEST_P(E1000, TransmitRingGoesRound) {
  probe_and_start();
  uint32_t done = 0;
  for (int rounds = 0; done < 1000 && rounds < 100; ++rounds) {
    while (done < 1000 && network.transmit(frame(60, done), done) == HAL_OK) ++done;
    network.kick();
    network.settle();
  }
  ASSERT_EQ(done, 1000u);
  network.poll();
  ASSERT_EQ(network.sent.size(), 1000u);
  for (uint32_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(network.sent[i], std::make_pair(i, HAL_OK));
    ASSERT_EQ(model.sent[i], frame(60, i));
  }
}

TEST_P(E1000, NothingGoesBeforeTheKick) {
  probe_and_start();
  ASSERT_EQ(network.transmit(frame(60, 1), 1), HAL_OK);
  EXPECT_TRUE(model.sent.empty());
  network.kick();
  EXPECT_EQ(model.sent.size(), 1u);
}

TEST_P(E1000, FullTransmitRingSaysWhenThereIsRoom) {
  probe_and_start();
  model.holds = true;
  const uint32_t taken = send_until_full();
  EXPECT_EQ(taken, kRing - 1);
  network.settle();
  EXPECT_TRUE(network.sent.empty());
  model.send(3);
  network.settle();
  EXPECT_EQ(network.sent.size(), 3u);
}

TEST_P(E1000, FramesThatComeDoNotHideThatThereIsRoom) {
  probe_and_start();
  model.holds = true;
  const uint32_t taken = send_until_full();
  // The interrupt of a received frame comes while the kernel waits for room, and finds nothing sent.
  ASSERT_TRUE(model.receive(frame(60, 1)));
  network.settle();
  ASSERT_EQ(network.received.size(), 1u);
  model.send();
  network.settle();
  EXPECT_EQ(network.sent.size(), taken);
}

TEST_P(E1000, LinkGoesDownAndUp) {
  probe_and_start();
  EXPECT_EQ(network.link, 1) << "one that is up already is reported";
  model.plug(false);
  network.settle();
  EXPECT_EQ(network.link, 0);
  model.plug(true, 1);
  network.settle();
  EXPECT_EQ(network.link, 1);
  EXPECT_EQ(network.megabits, 100u);
  ASSERT_TRUE(model.receive(frame(60, 1)));
  network.settle();
  EXPECT_EQ(network.received.size(), 1u);
}

TEST_P(E1000, StoppedAndStartedAgain) {
  probe_and_start();
  for (uint32_t round = 0; round < 3; ++round) {
    network.received.clear();
    ASSERT_TRUE(model.receive(frame(60, round)));
    ASSERT_EQ(send(frame(60, round), round), HAL_OK);
    network.settle();
    EXPECT_EQ(network.received.size(), 1u);
    network.stop();
    EXPECT_FALSE(model.is_receiving());
    EXPECT_EQ(network.transmit(frame(60, 1), 1), HAL_ERROR);
    ASSERT_EQ(network.start(), HAL_OK);
    network.settle();
  }
}

TEST_P(E1000, RemovedWithFramesUnderWay) {
  probe_and_start();
  model.holds = true;
  for (uint32_t i = 0; i < 20; ++i) ASSERT_EQ(send(frame(60, i), i), HAL_OK);
  model.send(5);
  for (uint32_t i = 0; i < 20; ++i) ASSERT_TRUE(model.receive(frame(60, i)));
  remove();
  EXPECT_EQ(network.sent.size(), 20u);
}

TEST_P(E1000, Shutdown) {
  probe_and_start();
  driver.shutdown(context);
  EXPECT_FALSE(model.is_receiving());
}

TEST_P(E1000, EachFailureOfAProbeLeavesNothing) {
  uint32_t failures = 0;
  for (uint32_t at = 1;; ++at) {
    machine.fail_at = at;
    machine.failable = 0;
    machine.free_interrupts();  // which the kernel does after each probe that failed
    const hal_status_t status = probe();
    if (machine.failable < at) break;  // there was nothing left to fail
    ++failures;
    EXPECT_NE(status, HAL_OK);
    machine.expect_nothing_held();
    ASSERT_FALSE(HasFailure()) << "at " << at;
  }
  EXPECT_GE(failures, 7u);
}

TEST_P(E1000, NoBuffersAtFirst) {
  ASSERT_EQ(probe(), HAL_OK);
  network.buffers_left = 0;
  ASSERT_EQ(network.start(), HAL_OK);
  network.settle();
  EXPECT_FALSE(model.receive(frame(60, 1)));
  network.buffers_left = 1000;
  network.settle();  // the overrun is heard of, and there are buffers again
  ASSERT_TRUE(model.receive(frame(60, 2)));
  network.settle();
  EXPECT_EQ(network.received.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    On, E1000, testing::Values(Chip{"e1000", false, false}, Chip{"e1000e", true, false}, Chip{"e1000e", true, true}),
    [](const auto& chip) { return std::string(chip.param.driver) + (chip.param.has_messages ? "WithMessages" : ""); });

}  // namespace
}  // namespace models
