// Loading and unloading of driver packages, as the system calls want it.
#pragma once

#include <string_view>

#include "kernel/device/package/pages.hpp"

namespace device {

// Verifies `size` bytes of `file` and starts the driver in them; takes the file over. `parameters` is a list of
// "slot=DEVICE" and "placement=kernel|isolated", separated by blanks. EINVAL for other parameters, EEXIST where this
// driver is loaded, ENODEV for a slot that does not exist, else by the class of the error, which last_error.hpp tells.
// May sleep.
Status load_package(Pages file, usize size, std::string_view parameters);

// Stops the driver and unmaps it. ENOENT; EBUSY where another package depends on it. May sleep.
Status unload_package(std::string_view name);

}  // namespace device
