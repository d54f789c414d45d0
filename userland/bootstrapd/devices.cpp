#include "userland/bootstrapd/devices.hpp"

#include <sys/utsname.h>

#include <filesystem>
#include <fstream>

namespace bootstrap {
namespace {

namespace files = std::filesystem;
using nlohmann::json;

std::string first_line(const files::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The store's form of Linux's: "of:NnameT(null)Ctext" is "dt:text", and "acpi:ID:" has no colon behind.
std::string store_id(std::string alias) {
  const size_t compatible = alias.rfind('C');
  if (alias.starts_with("of:") && compatible != std::string::npos) return "dt:" + alias.substr(compatible + 1);
  if (alias.starts_with("acpi:") && alias.ends_with(':')) alias.pop_back();
  return alias;
}

json describe(const files::path& folder) {
  json ids = json::array();
  std::string alias = store_id(first_line(folder / "modalias"));
  const std::string revision = first_line(folder / "revision");
  if (alias.starts_with("pci:") && revision.size() == 4) alias += "r" + revision.substr(2);
  ids.push_back(alias);
  const unsigned long type = std::strtoul(first_line(folder / "virtio_type").c_str(), nullptr, 10);
  if (type != 0) {
    char text[32];
    std::snprintf(text, sizeof text, "virtio:d%08lX", type);
    ids.push_back(text);
  }
  json device = {{"slot", folder.filename()}, {"ids", ids}};
  std::error_code error;
  const files::path driver = files::read_symlink(folder / "driver", error);
  if (!error) device["bound"] = {{"name", driver.filename()}};
  return device;
}

void add_below(const files::path& folder, json& devices) {
  std::error_code error;
  for (const auto& entry : files::directory_iterator(folder, error)) {
    if (!entry.is_directory(error) || entry.is_symlink(error)) continue;
    if (!files::exists(entry.path() / "modalias", error)) continue;
    devices.push_back(describe(entry.path()));
    add_below(entry.path(), devices);
  }
}

}  // namespace

std::string machine_arch() {
  utsname names{};
  uname(&names);
  return names.machine;
}

json make_manifest(const std::map<std::string, std::string>& loaded) {
  json devices = json::array();
  add_below("/sys/devices", devices);
  for (json& device : devices) {
    const auto found = loaded.find(device["slot"].get<std::string>());
    if (device.contains("bound") && found != loaded.end()) device["bound"]["digest"] = found->second;
  }
  return {{"schema", 1}, {"arch", machine_arch()}, {"os_version", "0.1.0"}, {"devices", devices}};
}

}  // namespace bootstrap
