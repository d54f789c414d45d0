// The machine's devices as /sys tells of them.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace bootstrap {

// "x86_64", as the kernel says.
std::string machine_arch();
// The manifest for the store: architecture, version, devices with their ids and whether they are driven. No serial
// numbers and no network addresses.
nlohmann::json make_manifest();

}  // namespace bootstrap
