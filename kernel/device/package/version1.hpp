// A version 1 driver at work: one mapping of its code for each device, so that its statics are the device's.
//
// Made by the shell's probe and gone with its remove, both under the loader's lock. Version 1 is synchronous, and its
// drivers have no locks: once init has returned, one thread at a time calls a device's operations (storage: the work
// thread; network: the interface's receive thread; input: the poller's).
#pragma once

#include "kernel/device/package/package.hpp"
#include "kernel/device/package/version1_poller.hpp"

namespace device {

struct Version1Storage {
  driver_handle_t disk = 0;
  std::atomic<bool> is_busy = false;
  storage_request_t request{};
  hal_work_t work{};
};

// A frame that waits to be sent, and a ring of them.
struct Version1Frame {
  u64 tag = 0;
  const void* memory = nullptr;
  u32 length = 0;
};
struct Version1Frames {
  static constexpr u32 kMost = 64;
  Version1Frame frames[kMost];
  u32 first = 0, count = 0;

  bool push(const Version1Frame& frame) {
    if (count == kMost) return false;
    frames[(first + count++) % kMost] = frame;
    return true;
  }
  bool peek(Version1Frame& frame) const {
    if (count != 0) frame = frames[first];
    return count != 0;
  }
  void drop() {
    first = (first + 1) % kMost;
    --count;
  }
  bool pop(Version1Frame& frame) {
    const bool is_there = peek(frame);
    if (is_there) drop();
    return is_there;
  }
};

struct Version1Network {
  driver_handle_t interface = 0;
  std::atomic<bool> is_up = false;
  std::atomic<u64> last_frame_ms = 0;
  sync::Locked<Version1Frames, sync::LockClass::DeviceQueue> waiting;
  Poller poller;
};

struct Version1Input {
  driver_handle_t handle = 0;
  Poller poller;
};

struct Version1Device {
  Version1Device() = default;
  ~Version1Device();

  Driver* driver = nullptr;
  Image image;  // none where the driver is linked in
  driver_ops_t ops{};
  hal_device_t* info = nullptr;
  bool is_announced = false;
  // By its category, one of these.
  Version1Storage storage;
  Version1Network network;
  Version1Input input;
};

// The guide's table of what each category must have.
bool has_wanted_ops(const driver_ops_t& ops);
// The shell's operations around a version 1 driver.
driver_ops_v2_t version1_shell(const char* name, driver_category_t category);

// Announces what the driver drives, and takes that back: afterwards nothing calls the driver's operations.
hal_status_t announce_storage(Version1Device& device);
void withdraw_storage(Version1Device& device);
hal_status_t announce_network(Version1Device& device);
void withdraw_network(Version1Device& device);
hal_status_t announce_input(Version1Device& device);
void withdraw_input(Version1Device& device);

}  // namespace device
