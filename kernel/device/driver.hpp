// Drivers, and which of them gets which device.
//
// Binding, unbinding and the list of drivers are under one sleeping lock (LockClass::DriverLoader): one at a time. A
// driver's probe and remove functions run under it.
#pragma once

#include <span>

#include "kernel/device/device.hpp"

namespace device {

// What a package says it is for, which its driver is held to, whatever the driver's own table says.
struct Package;
struct Limits {
  const Package* package = nullptr;
  std::span<const driver_match_t> matches;
  const char* strings = nullptr;
  // Set: these devices alone. The list is under the loader's lock.
  bool is_limited = false;
  lib::Vector<const Device*> only;
};

struct Driver : lib::ListNode {
  const driver_ops_v2_t* ops = nullptr;
  const driver_ops_t* ops_v1 = nullptr;  // set where `ops` is the shell around a version 1 driver that is linked in
  bool is_taken = false;                 // such a driver has its one device
  const char* origin = "kernel";         // or the package's name
  const Limits* limits = nullptr;        // null: linked in, and trusted as the kernel is
};

// Adds a driver and offers it the devices that have none. `driver` lives until remove_driver(). EINVAL where the
// operations are incomplete. May sleep.
Status add_driver(Driver& driver);
// Gives a driver that is limited to some devices one more, and offers it that. False: the device has another driver, or
// this one declined; the limits are then as before. May sleep.
Result<bool> admit(const Driver& driver, Limits& limits, Device& device);
// Unbinds its devices and forgets it. May sleep.
void remove_driver(Driver& driver);

// Offers devices without a driver to the drivers, best match first, until nothing changes: a bus driver announces more.
// May sleep.
void bind_all();
// At shutdown: quiets every bound device, the last one first. May sleep.
void shut_down_all();

// How well records fit: 0 not at all, else the more specific the higher.
u32 match_rank(std::span<const driver_match_t> matches, const char* strings, const hal_device_t& info);
// How well a driver fits: by its own table, or its package's, which its own must not contradict.
u32 driver_rank(const Driver& driver, const Device& device);

}  // namespace device
