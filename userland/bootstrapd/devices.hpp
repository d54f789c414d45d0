// The machine's devices as /sys tells of them.
#pragma once

#include <nlohmann/json.hpp>

#include <map>
#include <string>

namespace bootstrap {

// "x86_64", as the kernel says.
std::string machine_arch();
// The manifest for the store: architecture, version, devices with their ids and whether they are driven. No serial
// numbers and no network addresses.
// `loaded`: the digests of what drives devices, by slot.
nlohmann::json make_manifest(const std::map<std::string, std::string>& loaded);

}  // namespace bootstrap
