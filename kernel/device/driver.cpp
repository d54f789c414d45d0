#include "kernel/device/driver.hpp"

#include "kernel/device/package/version1_builtin.hpp"
#include "kernel/diag/log.hpp"

extern "C" {
// The drivers that are linked in (DRIVER_V2 in kernel/driver_loader.h).
extern const driver_ops_v2_t* const __start_kset_drivers[] __attribute__((weak));
extern const driver_ops_v2_t* const __stop_kset_drivers[] __attribute__((weak));
}

namespace device {
namespace {

struct Drivers {
  lib::List<Driver> list;
  bool builtin_added = false;
};
sync::Locked<Drivers, sync::LockClass::DriverLoader> g_drivers;

// Up to and with `shutdown`: the smallest structure of version 2.
constexpr usize kSmallestOps = offsetof(driver_ops_v2_t, shutdown);

bool is_complete(const driver_ops_v2_t& ops) {
  return ops.size >= kSmallestOps && ops.abi >> 16 == DRIVER_ABI_V2 >> 16 && ops.name != nullptr &&
         ops.probe != nullptr && ops.remove != nullptr && (ops.match_count == 0 || ops.matches != nullptr);
}

void add_builtin(Drivers& drivers) {
  if (drivers.builtin_added) return;
  drivers.builtin_added = true;
  for (auto* at = __start_kset_drivers; at != __stop_kset_drivers; ++at) {
    Driver* driver = lib::try_new<Driver>();
    if (driver == nullptr || !is_complete(**at)) {
      LOG_ERROR("device", "driver %s left out: %s", (*at)->name, driver == nullptr ? "no memory" : "incomplete");
      lib::destroy(driver);
      continue;
    }
    driver->ops = *at;
    drivers.list.push_back(*driver);
  }
  register_builtin_version1(drivers.list);
}

// True if the device got this driver.
bool try_bind(Driver& driver, Device& device) {
  void* context = nullptr;
  device.driver = &driver;
  const hal_status_t status = driver.ops->probe(&device.info, &context);
  if (status == HAL_OK) {
    device.context = context;
    note_driver(device, driver.ops->name);
    LOG_INFO("device", "%s: driver %s", device.info.name, driver.ops->name);
    return true;
  }
  device.driver = nullptr;
  release_held(device);
  if (status != HAL_NOT_SUPPORTED) {
    LOG_WARNING("device", "%s: driver %s failed with status %d", device.info.name, driver.ops->name, status);
  }
  return false;
}

// The driver that fits best among those that rank below `limit`.
Driver* best_below(Drivers& drivers, const Device& device, u32 limit, u32* rank) {
  Driver* best = nullptr;
  *rank = 0;
  for (Driver& driver : drivers.list) {
    const u32 found = driver_rank(driver, device);
    if (found <= *rank || found >= limit) continue;
    best = &driver;
    *rank = found;
  }
  return best;
}

bool offer(Drivers& drivers, Device& device) {
  device.was_offered = true;
  u32 rank = ~u32{0};
  while (Driver* driver = best_below(drivers, device, rank, &rank)) {
    if (try_bind(*driver, device)) return true;
  }
  return false;
}

void bind_new(Drivers& drivers) {
  // A bus driver's devices come behind it in the registry, so one walk reaches them.
  for_each([&](Device& device) {
    if (device.driver == nullptr && !device.was_offered) offer(drivers, device);
  });
}

void unbind(Device& device) {
  Driver* driver = device.driver;
  note_driver(device, {});
  driver->ops->remove(device.context);
  device.driver = nullptr;
  device.context = nullptr;
  device.was_offered = false;
  release_held(device);
  LOG_INFO("device", "%s: driver %s removed", device.info.name, driver->ops->name);
}

}  // namespace

Status add_driver(Driver& driver) {
  if (!is_complete(*driver.ops)) return Err(Errno::EINVAL);
  g_drivers.with([&](Drivers& drivers) {
    drivers.list.push_back(driver);
    for_each([](Device& device) { device.was_offered = false; });
    bind_new(drivers);
  });
  return {};
}

Result<bool> admit(const Driver& driver, Limits& limits, Device& device) {
  return g_drivers.with([&](Drivers& drivers) -> Result<bool> {
    if (!limits.only.push(&device)) return Err(Errno::ENOMEM);
    if (device.driver == nullptr && offer(drivers, device) && device.driver == &driver) return true;
    limits.only.pop();
    return false;
  });
}

void remove_driver(Driver& driver) {
  g_drivers.with([&](Drivers& drivers) {
    for_each([&](Device& device) {
      if (device.driver == &driver) unbind(device);
    });
    drivers.list.erase(drivers.list.iterator_to(driver));
  });
}

void bind_all() {
  g_drivers.with([](Drivers& drivers) {
    add_builtin(drivers);
    bind_new(drivers);
  });
}

void shut_down_all() {
  g_drivers.with([](Drivers&) {
    lib::Vector<Device*> bound;
    for_each([&](Device& device) {
      if (device.driver != nullptr && !bound.push(&device))
        LOG_WARNING("device", "no memory to shut down %s", device.info.name);
    });
    for (usize i = bound.size(); i-- > 0;) {
      const driver_ops_v2_t& ops = *bound[i]->driver->ops;
      if (ops.size >= offsetof(driver_ops_v2_t, shutdown) + sizeof(ops.shutdown) && ops.shutdown != nullptr) {
        ops.shutdown(bound[i]->context);
      }
    }
  });
}

}  // namespace device
