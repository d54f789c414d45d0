// A machine with one of Intel's gigabit controllers, and its driver. Each case runs on all three of them.
#pragma once

#include "tests/models/e1000_model.hpp"

namespace models {

struct Chip {
  const char* driver;
  bool is_82574;
  bool has_messages;
};

class E1000 : public testing::TestWithParam<Chip> {
 protected:
  Machine machine;
  NetworkSide network;
  E1000Model model{machine, GetParam().is_82574};
  const driver_ops_v2_t& driver = driver_named(GetParam().driver);
  void* context = nullptr;

  E1000() { machine.messages = GetParam().has_messages ? 5 : 0; }
  hal_status_t probe() {
    const hal_status_t status = driver.probe(&machine.device, &context);
    if (status != HAL_OK) context = nullptr;
    return status;
  }
  void probe_and_start() {
    ASSERT_EQ(probe(), HAL_OK);
    ASSERT_EQ(network.start(), HAL_OK);
    network.settle();
  }
  void remove() {
    driver.remove(context);
    context = nullptr;
  }
  void interrupt() { machine.interrupt(machine.has_messages() ? Machine::kFirstMessage : Machine::kWiredLine); }
  void TearDown() override {
    if (context != nullptr) remove();
    // What still comes must not go where it once might have.
    model.receive(frame(60, 1));
    model.send();
    machine.expect_nothing_held();
    EXPECT_EQ(network.lent(), 0u);
    EXPECT_EQ(network.under_way(), 0u);
  }
  // Any bytes, the same for the same seed.
  static Bytes frame(size_t size, uint32_t seed) {
    Bytes bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24);
    return bytes;
  }
  hal_status_t send(const Bytes& bytes, uint32_t number) {
    const hal_status_t status = network.transmit(bytes, number);
    if (status == HAL_OK) network.kick();
    return status;
  }
  // Frames of 60 bytes, numbered from 0, until no more is taken. Returns how many were.
  uint32_t send_until_full() {
    uint32_t taken = 0;
    while (send(frame(60, taken), taken) == HAL_OK) ++taken;
    return taken;
  }
};

}  // namespace models
