#include <cstring>

#include "kernel/device/package/package.hpp"

namespace device {
namespace {

PackageRegistry g_packages;

}  // namespace

PackageRegistry& packages() { return g_packages; }

Package* PackageList::find(std::string_view name) {
  for (Package& package : list) {
    if (name == package.header.name) return &package;
  }
  return nullptr;
}

Package* PackageList::find_lineage(const u8* lineage) {
  for (Package& package : list) {
    if (std::memcmp(package.header.lineage, lineage, AJDRV_LINEAGE_SIZE) == 0) return &package;
  }
  return nullptr;
}

u32 count_bound(const Driver& driver) {
  u32 count = 0;
  for_each([&](Device& device) { count += device.driver == &driver ? 1 : 0; });
  return count;
}

}  // namespace device
