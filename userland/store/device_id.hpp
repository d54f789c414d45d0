// What a device says it is, as manifests have it, and how well a match record of a package fits that.
//
// Pure functions over values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/lib/ajdrv/match.h"

namespace store {

struct DeviceId {
  enum class Kind { Pci, Virtio, DeviceTree, Acpi };
  Kind kind = Kind::Pci;
  uint32_t vendor = 0, device = 0, subvendor = 0, subdevice = 0, class_code = 0, revision = 0;  // PCI
  uint32_t virtio_type = 0;
  std::string text;  // device tree, ACPI: exactly
};

// "pci:v00008086d000010D3sv00001AF4sd00001100bc02sc00i00" and, behind it, optionally "rFF"; "virtio:d00000001";
// "dt:ns16550a"; "acpi:PNP0A08". Nothing for anything else.
std::optional<DeviceId> parse_device_id(std::string_view text);

// The tiers of specificity, the best first.
enum class Tier { Subsystem = 0, VendorDevice = 1, Text = 2, Virtio = 3, ProgrammingInterface = 4, Class = 5 };
const char* describe(Tier tier);

struct Fit {
  Tier tier = Tier::Class;
  uint32_t feature = 0;
};
// The best fit of a package's records to any of the ids, nothing where none fits.
std::optional<Fit> best_fit(const ajdrv_package_t& package, const std::vector<DeviceId>& ids);

}  // namespace store
