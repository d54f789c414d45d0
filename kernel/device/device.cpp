#include "kernel/device/device.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "kernel/diag/log.hpp"
#include "kernel/lib/format.hpp"

namespace device {
namespace {

struct Registry {
  lib::List<Device> devices;
  u32 last_handle = 0;
};
sync::Locked<Registry, sync::LockClass::Devices> g_registry;

bool same_place(const Device& a, const Device& b) {
  return a.info.bus == b.info.bus && a.parent == b.parent && a.info.address == b.info.address && a.name() == b.name();
}

}  // namespace

Device& of(const hal_device_t* info) {
  static_assert(std::is_standard_layout_v<Announced>);
  auto* announced = reinterpret_cast<Announced*>(const_cast<hal_device_t*>(info));
  return static_cast<Device&>(*announced);
}

Status add(lib::Own<Device> device) {
  return g_registry.with([&](Registry& registry) -> Status {
    for (const Device& known : registry.devices) {
      if (same_place(known, *device)) return Err(Errno::EEXIST);
    }
    device->info.size = sizeof(hal_device_t);
    device->info.handle = ++registry.last_handle;
    registry.devices.push_back(*device.release());
    return {};
  });
}

Device* next(Device* previous) {
  return g_registry.with([&](Registry& registry) -> Device* {
    auto at = registry.devices.begin();
    if (previous != nullptr) at = std::next(registry.devices.iterator_to(*previous));
    return at == registry.devices.end() ? nullptr : &*at;
  });
}

bool driver_name(const Device& device, char (&name)[kDriverName]) {
  return g_registry.with([&](Registry&) {
    static_assert(sizeof(device.driver_name) == kDriverName);
    std::memcpy(name, device.driver_name, kDriverName);
    return name[0] != '\0';
  });
}

void note_driver(Device& device, std::string_view name) {
  g_registry.with([&](Registry&) {
    lib::format_into(device.driver_name, kDriverName, "%.*s", static_cast<int>(name.size()), name.data());
  });
}

Interrupts exchange_interrupts(Device& device, Interrupts fresh) {
  return g_registry.with([&](Registry&) { return std::exchange(device.interrupts, std::move(fresh)); });
}

Delivery delivery_of(const Device& device, u32 line) {
  return g_registry.with([&](Registry&) {
    const lib::Vector<u32>& lines = device.interrupts.lines;
    return std::ranges::find(lines, line) == lines.end() ? Delivery::None : device.interrupts.delivery;
  });
}

Device* find(std::string_view name) {
  Device* at = next(nullptr);
  while (at != nullptr && at->name() != name) at = next(at);
  return at;
}

Device* find(u32 handle) {
  Device* at = next(nullptr);
  while (at != nullptr && at->info.handle != handle) at = next(at);
  return at;
}

Status to_status(hal_status_t status) {
  switch (status) {
    case HAL_OK: return {};
    case HAL_TIMEOUT: return Err(Errno::ETIMEDOUT);
    case HAL_NO_MEMORY: return Err(Errno::ENOMEM);
    case HAL_NOT_SUPPORTED: return Err(Errno::EOPNOTSUPP);
    case HAL_INVALID: return Err(Errno::EINVAL);
    case HAL_BUSY: return Err(Errno::EBUSY);
    case HAL_NOT_FOUND: return Err(Errno::ENOENT);
    default: return Err(Errno::EIO);
  }
}

hal_status_t to_hal(Errno error) {
  switch (error) {
    case Errno::ETIMEDOUT: return HAL_TIMEOUT;
    case Errno::ENOMEM: return HAL_NO_MEMORY;
    case Errno::EOPNOTSUPP: return HAL_NOT_SUPPORTED;
    case Errno::EINVAL: return HAL_INVALID;
    case Errno::EEXIST:
    case Errno::EBUSY: return HAL_BUSY;
    case Errno::ENOENT: return HAL_NOT_FOUND;
    default: return HAL_ERROR;
  }
}

}  // namespace device
