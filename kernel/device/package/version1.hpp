// A version 1 driver at work: one mapping of its code for each device, so that its statics are the device's.
//
// Made by the shell's probe and gone with its remove, both under the loader's lock. Version 1 is synchronous: what may
// sleep or take long runs on the work thread, one request at a time.
#pragma once

#include "kernel/device/package/package.hpp"

namespace device {

struct Version1Device {
  Version1Device() = default;
  ~Version1Device();

  Image image;
  driver_ops_t ops{};
  hal_device_t* info = nullptr;
  // Storage.
  driver_handle_t disk = 0;
  std::atomic<bool> is_busy = false;
  storage_request_t request{};
  hal_work_t work{};
};

// Announces what the driver drives, as its category says. HAL_NOT_SUPPORTED for categories that have no adapter.
hal_status_t announce_storage(Version1Device& device);
void withdraw_storage(Version1Device& device);

}  // namespace device
