// An Intel gigabit Ethernet controller (82540EM: "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
// Manual", 317453; 82574L: datasheet 317694) with its EEPROM and a cable, and its faults. Legacy descriptors, one queue
// each way. Frames are sent when the tail moves, or when the test says so.
#pragma once

#include "tests/models/machine.hpp"
#include "tests/models/network_side.hpp"

namespace models {

// What is to be wrong with a received frame's descriptor.
struct ReceiveFault {
  uint8_t errors = 0;
  int length = -1;         // instead of the right one
  bool is_forced = false;  // longer than the standard allows, and taken all the same
};

class E1000Model final : public DeviceModel {
 public:
  static constexpr uint32_t kRegisters = 0x20000;
  enum Cause : uint32_t {
    kSent = 1 << 0,
    kLinkChanged = 1 << 2,
    kReceiveLow = 1 << 4,
    kOverrun = 1 << 6,
    kReceived = 1 << 7,
    kReceiveQueue = 1 << 20,
    kTransmitQueue = 1 << 22,
    kOther = 1 << 24,
  };
  E1000Model(Machine& machine, bool is_82574);

  // --- what it is, and its faults
  Bytes address = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
  uint64_t reset_ms = 1, eeprom_ms = 2;
  bool never_resets = false, eeprom_is_silent = false;
  bool ignores_reset = false;  // says that it is under way, does not stop, and hears of nothing else
  bool holds = false;          // frames wait for send()

  // --- what the test does and sees
  std::vector<Bytes> sent;
  void plug(bool is_in, uint32_t speed = 2);
  // False: there was no room, or reception is off.
  bool receive(const Bytes& frame, ReceiveFault fault = {});
  void send(uint32_t most = ~0u);
  void raise(uint32_t causes);
  bool is_receiving() const;

  uint64_t read(uint32_t offset, uint32_t width) override;
  void write(uint32_t offset, uint32_t width, uint64_t value) override;
  void time_passed() override;
  bool drives_line() const override { return (causes_ & mask_) != 0; }

 private:
  struct Ring {
    uint64_t address = 0;
    uint32_t size = 0, head = 0, tail = 0;
  };
  void reset();
  void load_eeprom();
  void signal();
  bool write_ring(Ring& ring, uint32_t offset, uint32_t value);
  bool put_piece(const uint8_t* bytes, uint32_t length, bool is_last, const ReceiveFault& fault);
  uint32_t free_descriptors() const;

  Machine& machine_;
  const bool is_82574_;
  std::map<uint32_t, uint32_t> registers_;  // those that only keep their value
  uint32_t control_ = 0, status_ = 0x82, causes_ = 0, mask_ = 0;
  uint64_t reset_ends_ns_ = 0, loaded_at_ns_ = 0;
  bool is_resetting_ = false, is_loaded_ = true;
  Ring receive_ring_, transmit_ring_;
};

}  // namespace models
