// devtmpfs: a tmpfs with a node for each device that the kernel knows, made anew at each mount. Devices that come and
// go later are entered by their owners, in every mounted one.
#pragma once

#include <string_view>

#include "fs/vfs/types.hpp"

namespace devfs {

// ENOMEM. May sleep.
Status add_node(std::string_view name, vfs::FileType type, vfs::DeviceNumber number, u32 permissions);
void remove_node(std::string_view name);

}  // namespace devfs
