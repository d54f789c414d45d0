// Keyboards and the like of version 1 drivers. The interface tells of a key once, when it is struck: each becomes a
// press and a release.
#include <algorithm>
#include <cstring>

#include "kernel/device/package/version1.hpp"

namespace device {
namespace {

constexpr u16 kSynchronize = 0, kKey = 1;  // EV_SYN, EV_KEY
constexpr int kLastKey = 0x2ff;            // KEY_MAX
constexpr u32 kIntervalMs = 10;
constexpr u32 kMostAtOnce = 64;  // a driver that never runs dry keeps nobody's CPU

u32 ask(void* context) {
  auto& device = *static_cast<Version1Device*>(context);
  for (u32 i = 0; i < kMostAtOnce; ++i) {
    const int key = device.ops.input_poll();
    if (key < 0) break;
    if (key == 0 || key > kLastKey) continue;
    for (const i32 pressed : {1, 0}) {
      input_event(device.input.handle, kKey, static_cast<u16>(key), pressed);
      input_event(device.input.handle, kSynchronize, 0, 0);
    }
  }
  return kIntervalMs;
}

}  // namespace

hal_status_t announce_input(Version1Device& device) {
  input_info_t info{};
  info.size = sizeof(info);
  const char* name = device.driver->ops->name;
  std::memcpy(info.name, name, std::min(std::strlen(name), sizeof(info.name) - 1));
  if (const hal_status_t status = input_add(device.info, &info, &device.input.handle); status != HAL_OK) return status;
  if (device.input.poller.start(ask, &device)) return HAL_OK;
  input_remove(device.input.handle);
  return HAL_NO_MEMORY;
}

void withdraw_input(Version1Device& device) {
  device.input.poller.stop();
  input_remove(device.input.handle);
}

}  // namespace device
