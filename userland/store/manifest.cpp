#include "userland/store/manifest.hpp"

#include "userland/shared/package_file.hpp"
#include "userland/store/error.hpp"

namespace store {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& what) { throw Problem(422, "invalid_field", what); }

const json& list_member(const json& object, const char* name, size_t most) {
  static const json kNone = json::array();
  const auto found = object.find(name);
  if (found == object.end()) return kNone;
  if (!found->is_array() || found->size() > most)
    refuse(std::string(name) + " must be a list of at most " + std::to_string(most));
  return *found;
}

ManifestDevice parse_device(const json& object) {
  if (!object.is_object()) refuse("devices must hold objects");
  ManifestDevice device;
  device.slot = text_member(object, "slot", limit::kName);
  const json bound = object.value("bound", json());
  device.is_bound = !bound.is_null();
  if (bound.is_object() && bound.contains("digest")) device.bound_digest = text_member(bound, "digest", 2 * 32);
  for (const json& id : list_member(object, "ids", limit::kIds)) {
    if (!id.is_string() || id.get_ref<const std::string&>().size() > limit::kText) refuse("ids must be short texts");
    if (auto parsed = parse_device_id(id.get_ref<const std::string&>())) device.ids.push_back(std::move(*parsed));
  }
  return device;
}

}  // namespace

json parse_object(std::string_view body) {
  const auto check_depth = [](int depth, json::parse_event_t, json&) {
    if (depth > static_cast<int>(limit::kDepth)) throw Problem(400, "too_deep", "The JSON is nested too deeply.");
    return true;
  };
  json value = json::parse(body, check_depth, false);
  if (!value.is_object()) throw Problem(400, "malformed", "The body is not a JSON object.");
  return value;
}

std::string text_member(const json& object, const char* name, size_t most) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string() || found->get_ref<const std::string&>().size() > most)
    refuse(std::string(name) + " must be a text of at most " + std::to_string(most) + " bytes");
  return found->get<std::string>();
}

Manifest parse_manifest(const json& object) {
  Manifest manifest;
  const int arch = shared::arch_number(text_member(object, "arch", limit::kName));
  if (arch < 0) refuse("arch is not one that the store knows");
  manifest.arch = static_cast<uint16_t>(arch);
  manifest.os_version = text_member(object, "os_version", limit::kName);
  for (const json& device : list_member(object, "devices", limit::kDevices))
    manifest.devices.push_back(parse_device(device));
  for (const json& app : list_member(object, "desired_apps", limit::kApps)) {
    if (!app.is_string() || app.get_ref<const std::string&>().size() > limit::kName)
      refuse("desired_apps: short texts");
    manifest.apps.push_back(app.get<std::string>());
  }
  return manifest;
}

}  // namespace store
