#include "tests/models/e1000_model.hpp"

#include <algorithm>
#include <cstring>

namespace models {
namespace {

enum Register : uint32_t {  // 13.4
  kControl = 0x0000,
  kStatus = 0x0008,
  kEepromControl = 0x0010,
  kCause = 0x00c0,
  kCauseSet = 0x00c8,
  kMaskSet = 0x00d0,
  kMaskClear = 0x00d8,
  kReceiveControl = 0x0100,
  kTransmitControl = 0x0400,
  kReceiveRing = 0x2800,
  kTransmitRing = 0x3800,
  kRingEnd = 0x1c,
  kAddressLow = 0x5400,
  kAddressHigh = 0x5404,
};
constexpr uint32_t kReset = 1 << 26, kAutoRead = 1 << 9, kEnable = 1 << 1, kLinkUp = 1 << 1;
constexpr uint32_t kAddressValid = 1u << 31, kLongFrames = 1 << 5;
constexpr uint32_t kBuffer = 2048, kLongestFrame = 1518;
constexpr uint8_t kDone = 1, kEnd = 2, kCommandEnd = 1, kCommandReport = 8;

}  // namespace

E1000Model::E1000Model(Machine& machine, bool is_82574) : machine_(machine), is_82574_(is_82574) {
  machine.device.vendor = 0x8086;
  machine.device.device = is_82574 ? 0x10d3 : 0x100e;
  machine.messages = is_82574 ? 5 : 0;
  machine.attach(*this, kRegisters);
}

void E1000Model::reset() {
  registers_.clear();
  receive_ring_ = transmit_ring_ = {};
  causes_ = mask_ = 0;
  is_loaded_ = false;
  is_resetting_ = true;
  reset_ends_ns_ = machine_.now_ns() + reset_ms * 1'000'000;
  loaded_at_ns_ = machine_.now_ns() + (reset_ms + (is_82574_ ? eeprom_ms : 0)) * 1'000'000;
}

void E1000Model::load_eeprom() {
  is_loaded_ = true;
  uint32_t low = 0, high = 0;
  for (uint32_t i = 0; i < 4; ++i) low |= uint32_t{address[i]} << 8 * i;
  for (uint32_t i = 0; i < 2; ++i) high |= uint32_t{address[4 + i]} << 8 * i;
  registers_[kAddressLow] = low;
  registers_[kAddressHigh] = high | kAddressValid;
}

void E1000Model::time_passed() {
  if (is_resetting_ && !never_resets && machine_.now_ns() >= reset_ends_ns_) {
    is_resetting_ = false;
    control_ &= ~kReset;
  }
  if (!is_loaded_ && !is_resetting_ && !eeprom_is_silent && machine_.now_ns() >= loaded_at_ns_) load_eeprom();
}

uint64_t E1000Model::read(uint32_t offset, uint32_t width) {
  EXPECT_EQ(width, 4u);
  switch (offset) {
    case kControl: return control_;
    case kStatus: return status_;
    case kEepromControl: return is_loaded_ ? kAutoRead : 0;
    case kCause: {  // reading clears, but not with MSI-X
      const uint32_t causes = causes_;
      if (!machine_.has_messages()) causes_ = 0;
      return causes;
    }
    case kReceiveRing + 0x10: return receive_ring_.head;
    case kTransmitRing + 0x10: return transmit_ring_.head;
    default: return registers_[offset];
  }
}

bool E1000Model::write_ring(Ring& ring, uint32_t offset, uint32_t value) {
  switch (offset) {
    case 0x00:
      EXPECT_EQ(value % 16, 0u);
      ring.address = (ring.address & ~uint64_t{0xffffffff}) | value;
      return false;
    case 0x04: ring.address = (ring.address & 0xffffffff) | uint64_t{value} << 32; return false;
    case 0x08:
      EXPECT_EQ(value % 128, 0u);
      ring.size = value / 16;
      return false;
    case 0x10: ring.head = value; return false;
    case 0x18:
      EXPECT_TRUE(value < ring.size || value == 0) << "a tail beyond the ring";
      ring.tail = value;
      return true;
    default: return false;
  }
}

void E1000Model::write(uint32_t offset, uint32_t width, uint64_t wide) {
  EXPECT_EQ(width, 4u);
  const auto value = static_cast<uint32_t>(wide);
  if (ignores_reset) {
    if (offset == kControl) control_ = value;
    return;
  }
  if (offset >= kReceiveRing && offset < kReceiveRing + kRingEnd) {
    write_ring(receive_ring_, offset - kReceiveRing, value);
    return;
  }
  if (offset >= kTransmitRing && offset < kTransmitRing + kRingEnd) {
    if (write_ring(transmit_ring_, offset - kTransmitRing, value) && !holds) send();
    return;
  }
  switch (offset) {
    case kControl:
      control_ = value;
      if ((value & kReset) != 0) reset();
      return;
    case kCause: causes_ &= ~value; return;
    case kCauseSet: return raise(value);
    case kMaskSet: mask_ |= value; return signal();
    case kMaskClear: mask_ &= ~value; return;
    default: registers_[offset] = value;
  }
}

void E1000Model::signal() {
  if (machine_.has_messages() && (causes_ & mask_) != 0) machine_.send_message(0);
}

void E1000Model::raise(uint32_t causes) {
  if (machine_.has_messages()) {  // 7.4.2 of the 82574's: each queue's own, and one for the rest
    if ((causes & kReceived) != 0) causes |= kReceiveQueue;
    if ((causes & kSent) != 0) causes |= kTransmitQueue;
    if ((causes & (kLinkChanged | kOverrun)) != 0) causes |= kOther;
  }
  causes_ |= causes;
  if ((causes & mask_) != 0) signal();
}

void E1000Model::plug(bool is_in, uint32_t speed) {
  status_ = (is_in ? kLinkUp : 0) | speed << 6;
  raise(kLinkChanged);
}

bool E1000Model::is_receiving() const {
  const auto found = registers_.find(kReceiveControl);
  return found != registers_.end() && (found->second & kEnable) != 0 && !is_resetting_;
}

uint32_t E1000Model::free_descriptors() const {
  const Ring& ring = receive_ring_;
  return ring.size == 0 ? 0 : (ring.tail + ring.size - ring.head) % ring.size;
}

bool E1000Model::receive(const Bytes& frame, ReceiveFault fault) {
  if (!is_receiving()) return false;
  if (frame.size() > kLongestFrame && (registers_[kReceiveControl] & kLongFrames) == 0 && !fault.is_forced)
    return false;
  const auto length = static_cast<uint32_t>(frame.size());
  if (free_descriptors() < (length + kBuffer - 1) / kBuffer) {
    raise(kOverrun);
    return false;
  }
  for (uint32_t at = 0; at < length; at += kBuffer) {
    const uint32_t bytes = std::min(kBuffer, length - at);
    if (!put_piece(frame.data() + at, bytes, at + bytes == length, fault)) return false;
  }
  raise(kReceived);
  return true;
}

bool E1000Model::put_piece(const uint8_t* bytes, uint32_t length, bool is_last, const ReceiveFault& fault) {
  Ring& ring = receive_ring_;
  const uint64_t at = ring.address + 16 * ring.head;
  uint64_t buffer = 0;
  if (!machine_.device_read(at, &buffer, sizeof(buffer)) || !machine_.device_write(buffer, bytes, length)) return false;
  const auto shown = static_cast<uint16_t>(fault.length >= 0 ? fault.length : static_cast<int>(length));
  const uint8_t status = is_last ? kDone | kEnd : kDone;
  const uint8_t back[8] = {
      static_cast<uint8_t>(shown), static_cast<uint8_t>(shown >> 8), 0, 0, status, fault.errors, 0, 0};
  if (!machine_.device_write(at + 8, back, sizeof(back))) return false;
  ring.head = (ring.head + 1) % ring.size;
  return true;
}

void E1000Model::send(uint32_t most) {
  Ring& ring = transmit_ring_;
  if ((registers_[kTransmitControl] & kEnable) == 0 || ring.size == 0) return;
  bool any = false;
  for (; most > 0 && ring.head != ring.tail; --most) {
    const uint64_t at = ring.address + 16 * ring.head;
    struct {
      uint64_t address;
      uint16_t length;
      uint8_t checksum_offset, command, status, checksum_start;
      uint16_t special;
    } descriptor;
    if (!machine_.device_read(at, &descriptor, sizeof(descriptor))) return;
    EXPECT_NE(descriptor.command & kCommandEnd, 0) << "one descriptor for each frame";
    Bytes frame(descriptor.length);
    if (!machine_.device_read(descriptor.address, frame.data(), descriptor.length)) return;
    sent.push_back(std::move(frame));
    if ((descriptor.command & kCommandReport) != 0) {
      const uint8_t status = descriptor.status | kDone;
      machine_.device_write(at + 12, &status, 1);
    }
    ring.head = (ring.head + 1) % ring.size;
    any = true;
  }
  if (any) raise(kSent);
}

}  // namespace models
