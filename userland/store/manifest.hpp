// What machines send, as values with every limit checked: a manifest is hostile until it is one of these.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "userland/store/device_id.hpp"

namespace store {

namespace limit {
inline constexpr size_t kBody = 256 << 10, kDepth = 16, kText = 4096, kDevices = 512, kIds = 16, kApps = 64,
                        kReports = 64, kName = 64;
}

struct ManifestDevice {
  std::string slot;
  std::vector<DeviceId> ids;  // those that are understood
  bool is_bound = false;
  std::string bound_digest;  // where what drives it came from a store
};

struct Manifest {
  uint16_t arch = 0;
  std::string os_version;
  std::vector<ManifestDevice> devices;
  std::vector<std::string> apps;
};

// Problem 400, for text that is no JSON object, or nested too deeply.
nlohmann::json parse_object(std::string_view body);
// A member that must be a text of at most `most` bytes. Problem 422.
std::string text_member(const nlohmann::json& object, const char* name, size_t most = limit::kText);
// Problem 422 with the member's name.
Manifest parse_manifest(const nlohmann::json& object);

}  // namespace store
