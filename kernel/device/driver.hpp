// Drivers, and which of them gets which device.
//
// Binding, unbinding and the list of drivers are under one sleeping lock (LockClass::DriverLoader): one at a time. A
// driver's probe and remove functions run under it.
#pragma once

#include "kernel/device/device.hpp"

namespace device {

struct Driver : lib::ListNode {
  const driver_ops_v2_t* ops = nullptr;
  const driver_ops_t* ops_v1 = nullptr;  // set where `ops` is the shell around a version 1 driver
  const char* origin = "kernel";         // or the package's name
};

// Adds a driver and offers it the devices that have none. `driver` lives until remove_driver(). EINVAL where the
// operations are incomplete. May sleep.
Status add_driver(Driver& driver);
// Unbinds its devices and forgets it. May sleep.
void remove_driver(Driver& driver);

// Offers devices without a driver to the drivers, best match first, until nothing changes: a bus driver announces more.
// May sleep.
void bind_all();
// At shutdown: quiets every bound device, the last one first. May sleep.
void shut_down_all();

// How well a driver's table fits: 0 not at all, else the more specific the higher.
u32 match_rank(const driver_ops_v2_t& ops, const hal_device_t& info);

}  // namespace device
