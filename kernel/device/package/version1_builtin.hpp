// Version 1 drivers that are linked into the kernel (DRIVER_V1_BUILTIN in kernel/driver_loader.h).
#pragma once

#include "kernel/device/driver.hpp"

namespace device {

// Has each register itself, and adds those that are sound to the list. At boot, once, under the loader's lock. May
// sleep.
void register_builtin_version1(lib::List<Driver>& drivers);

}  // namespace device
