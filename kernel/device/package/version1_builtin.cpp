#include "kernel/device/package/version1_builtin.hpp"

#include "kernel/device/package/version1.hpp"
#include "kernel/diag/log.hpp"

extern "C" {
// In every linker script, between them nothing or what DRIVER_V1_BUILTIN put there.
extern const driver_v1_builtin_t __start_kset_drivers_v1[];
extern const driver_v1_builtin_t __stop_kset_drivers_v1[];
}

namespace device {
namespace {

// Lives as long as the kernel.
struct BuiltinVersion1 : Driver {
  driver_ops_v2_t shell{};
};

// Who is registering: set around the call of a driver's register function, under the loader's lock.
const driver_v1_builtin_t* g_registering = nullptr;
lib::List<Driver>* g_drivers = nullptr;

}  // namespace

void register_builtin_version1(lib::List<Driver>& drivers) {
  g_drivers = &drivers;
  for (auto* at = __start_kset_drivers_v1; at != __stop_kset_drivers_v1; ++at) {
    g_registering = at;
    at->register_driver();
  }
  g_registering = nullptr;
}

}  // namespace device

using namespace device;

void driver_register_builtin(const driver_ops_t* ops) {
  if (g_registering == nullptr || ops == nullptr || ops->name == nullptr || !has_wanted_ops(*ops)) {
    LOG_ERROR("device", "a driver of version 1 left out: %s", g_registering == nullptr ? "not at boot" : "incomplete");
    return;
  }
  auto* driver = lib::try_new<BuiltinVersion1>();
  if (driver == nullptr) {
    LOG_ERROR("device", "driver %s left out: no memory", ops->name);
    return;
  }
  driver->shell = version1_shell(ops->name, ops->category);
  driver->shell.matches = g_registering->matches;
  driver->shell.match_count = g_registering->match_count;
  driver->ops = &driver->shell;
  driver->ops_v1 = ops;
  g_drivers->push_back(*driver);
}
