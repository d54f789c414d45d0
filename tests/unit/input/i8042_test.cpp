// The keyboard controller's driver against a controller of our own, which can be broken in several ways.
#include "drivers/input/i8042.h"

#include <gtest/gtest.h>

#include <deque>

namespace {

constexpr uint16_t kData = 0x60, kCommand = 0x64;
constexpr i8042_t kPorts = {.data = kData, .command = kCommand, .configuration = 0};

struct Controller {
  // How it is broken.
  bool is_absent = false;
  bool never_takes = false;  // its input stays full
  bool never_ends = false;   // its output stays full
  bool never_answers = false;
  uint8_t self_test = 0x55, port_test = 0x00;

  uint8_t configuration = 0x43;  // both interrupts, translation: as firmware leaves it
  uint8_t expected = 0;          // the command whose data byte comes next
  struct Byte {
    uint8_t value;
    bool is_auxiliary;
  };
  std::deque<Byte> output;
  std::deque<uint8_t> to_keyboard;
  uint64_t waited_us = 0;
  uint64_t reads = 0;

  uint8_t status() const {
    const bool is_full = never_ends || !output.empty();
    const bool is_auxiliary = !output.empty() && output.front().is_auxiliary;
    return static_cast<uint8_t>((is_full ? 1 : 0) | (never_takes ? 2 : 0) | (is_auxiliary ? 0x20 : 0));
  }
  uint8_t read() {
    if (output.empty()) return 0;
    const uint8_t value = output.front().value;
    output.pop_front();
    return value;
  }
  void answer(uint8_t value) {
    if (!never_answers) output.push_back({value, false});
  }
  void command(uint8_t value) {
    expected = 0;
    switch (value) {
      case 0x20: answer(configuration); break;
      case 0x60: expected = value; break;
      case 0xaa:
        configuration = 0;
        answer(self_test);
        break;
      case 0xab: answer(port_test); break;
      case 0xad: configuration |= 0x10; break;
      case 0xae: configuration &= 0xef; break;
      case 0xa7: configuration |= 0x20; break;
      default: ADD_FAILURE() << "command " << int{value};
    }
  }
  void data(uint8_t value) {
    if (expected == 0x60) {
      configuration = value;
    } else {
      to_keyboard.push_back(value);
    }
    expected = 0;
  }
};
Controller* g_controller;

struct I8042Test : testing::Test {
  I8042Test() { g_controller = &controller; }
  // Whatever happens, it ends soon.
  ~I8042Test() override {
    EXPECT_LT(controller.waited_us, 2'000'000u);
    EXPECT_LT(controller.reads, 1'000'000u);
  }
  Controller controller;
  i8042_t ports = kPorts;
};

}  // namespace

uint8_t hal_port_read8(uint16_t port) {
  ++g_controller->reads;
  if (g_controller->is_absent) return 0xff;
  return port == kCommand ? g_controller->status() : g_controller->read();
}
void hal_port_write8(uint16_t port, uint8_t value) {
  if (g_controller->is_absent) return;
  port == kCommand ? g_controller->command(value) : g_controller->data(value);
}
void hal_timer_delay_us(uint64_t microseconds) { g_controller->waited_us += microseconds; }

namespace {

TEST_F(I8042Test, StartsWithTheKeyboardOnAndNoInterrupts) {
  for (const uint8_t byte : {0x1e, 0x9e}) controller.output.push_back({byte, false});  // typed before
  EXPECT_EQ(i8042_start(&ports), HAL_OK);
  EXPECT_EQ(controller.configuration, 0x60);
  EXPECT_EQ(i8042_set_interrupt(&ports, true), HAL_OK);
  EXPECT_EQ(controller.configuration, 0x61);
  EXPECT_EQ(i8042_set_interrupt(&ports, false), HAL_OK);
  EXPECT_EQ(controller.configuration, 0x60);
}

TEST_F(I8042Test, NoneIsThere) {
  controller.is_absent = true;
  EXPECT_EQ(i8042_start(&ports), HAL_NOT_FOUND);
  EXPECT_EQ(controller.waited_us, 0u);
}

TEST_F(I8042Test, OneThatTakesNothing) {
  controller.never_takes = true;
  EXPECT_EQ(i8042_start(&ports), HAL_TIMEOUT);
}

TEST_F(I8042Test, OneThatNeverEnds) {
  controller.never_ends = true;
  EXPECT_EQ(i8042_start(&ports), HAL_NOT_FOUND);
}

TEST_F(I8042Test, OneThatDoesNotAnswer) {
  controller.never_answers = true;
  EXPECT_EQ(i8042_start(&ports), HAL_TIMEOUT);
}

TEST_F(I8042Test, OneThatFailsItsTests) {
  controller.self_test = 0xfc;
  EXPECT_EQ(i8042_start(&ports), HAL_ERROR);
  controller.self_test = 0x55;
  controller.port_test = 3;
  EXPECT_EQ(i8042_start(&ports), HAL_ERROR);
}

TEST_F(I8042Test, BytesOfTheMouseAreNotTheKeyboards) {
  controller.output = {{0x08, true}, {0x01, true}, {0xfa, false}};
  uint8_t byte = 0;
  EXPECT_EQ(i8042_receive(&ports, 1000, &byte), HAL_OK);
  EXPECT_EQ(byte, 0xfa);
  EXPECT_EQ(i8042_receive(&ports, 1000, &byte), HAL_TIMEOUT);
  EXPECT_EQ(i8042_send(&ports, 0xed), HAL_OK);
  EXPECT_EQ(controller.to_keyboard.front(), 0xed);
}

}  // namespace
