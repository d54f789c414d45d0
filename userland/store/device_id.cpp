#include "userland/store/device_id.hpp"

#include <charconv>

#include "kernel/lib/ajdrv/bytes.h"

namespace store {
namespace {

constexpr size_t kLongestText = 128;

// Takes `name` and `digits` hexadecimal digits off the front.
bool take_hex(std::string_view& text, std::string_view name, size_t digits, uint32_t& value) {
  if (!text.starts_with(name) || text.size() < name.size() + digits) return false;
  const char* const first = text.data() + name.size();
  const auto read = std::from_chars(first, first + digits, value, 16);
  if (read.ec != std::errc() || read.ptr != first + digits) return false;
  text.remove_prefix(name.size() + digits);
  return true;
}

std::optional<DeviceId> parse_pci(std::string_view text) {
  DeviceId id;
  uint32_t base = 0, sub = 0, interface = 0;
  const bool whole = take_hex(text, "v", 8, id.vendor) && take_hex(text, "d", 8, id.device) &&
                     take_hex(text, "sv", 8, id.subvendor) && take_hex(text, "sd", 8, id.subdevice) &&
                     take_hex(text, "bc", 2, base) && take_hex(text, "sc", 2, sub) && take_hex(text, "i", 2, interface);
  if (!whole || (!text.empty() && (!take_hex(text, "r", 2, id.revision) || !text.empty()))) return std::nullopt;
  id.class_code = base << 16 | sub << 8 | interface;
  return id;
}

// Offsets in a match record (kernel/driver_loader.h).
enum {
  kBus = 0,
  kMask = 1,
  kFeature = 2,
  kVendor = 4,
  kDevice = 6,
  kSubvendor = 8,
  kSubdevice = 10,
  kClass = 12,
  kClassMask = 16,
  kRevisionMin = 20,
  kRevisionMax = 21,
  kVirtioType = 4,
  kTextOffset = 4,
  kTextLength = 8
};

Tier pci_tier(uint8_t mask, uint32_t class_mask) {
  if ((mask & (AJDRV_PCI_SUBVENDOR | AJDRV_PCI_SUBDEVICE)) != 0) return Tier::Subsystem;
  if ((mask & AJDRV_PCI_DEVICE) != 0) return Tier::VendorDevice;
  return (class_mask & 0xff) != 0 ? Tier::ProgrammingInterface : Tier::Class;
}

bool pci_fits(const uint8_t* record, const DeviceId& id) {
  const uint8_t mask = record[kMask];
  const auto same = [&](uint8_t bit, int at, uint32_t value) {
    return (mask & bit) == 0 || ajdrv_u16(record + at) == value;
  };
  return same(AJDRV_PCI_VENDOR, kVendor, id.vendor) && same(AJDRV_PCI_DEVICE, kDevice, id.device) &&
         same(AJDRV_PCI_SUBVENDOR, kSubvendor, id.subvendor) && same(AJDRV_PCI_SUBDEVICE, kSubdevice, id.subdevice) &&
         ((mask & AJDRV_PCI_CLASS) == 0 ||
          (id.class_code & ajdrv_u32(record + kClassMask)) == ajdrv_u32(record + kClass)) &&
         ((mask & AJDRV_PCI_REVISION) == 0 ||
          (id.revision >= record[kRevisionMin] && id.revision <= record[kRevisionMax]));
}

bool text_fits(const ajdrv_package_t& package, const uint8_t* record, const DeviceId& id) {
  const ajdrv_section_t* strings = ajdrv_section(&package, AJDRV_SECTION_STR);
  if (strings == nullptr) return false;
  const auto* first = reinterpret_cast<const char*>(ajdrv_contents(&package, strings));
  return id.text == std::string_view(first + ajdrv_u32(record + kTextOffset), ajdrv_u32(record + kTextLength));
}

std::optional<Tier> fits(const ajdrv_package_t& package, const uint8_t* record, const DeviceId& id) {
  switch (record[kBus]) {
    case AJDRV_BUS_PCI:
      if (id.kind != DeviceId::Kind::Pci || !pci_fits(record, id)) return std::nullopt;
      return pci_tier(record[kMask], (record[kMask] & AJDRV_PCI_CLASS) != 0 ? ajdrv_u32(record + kClassMask) : 0);
    case AJDRV_BUS_VIRTIO:
      if (id.kind != DeviceId::Kind::Virtio || ajdrv_u32(record + kVirtioType) != id.virtio_type) return std::nullopt;
      return Tier::Virtio;
    case AJDRV_BUS_DEVICE_TREE:
      if (id.kind != DeviceId::Kind::DeviceTree || !text_fits(package, record, id)) return std::nullopt;
      return Tier::Text;
    case AJDRV_BUS_ACPI:
      if (id.kind != DeviceId::Kind::Acpi || !text_fits(package, record, id)) return std::nullopt;
      return Tier::Text;
    default: return std::nullopt;
  }
}

bool is_better(const Fit& a, const Fit& b) { return a.tier != b.tier ? a.tier < b.tier : a.feature > b.feature; }

}  // namespace

std::optional<DeviceId> parse_device_id(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view kind = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 1);
  if (kind == "pci") return parse_pci(rest);
  DeviceId id;
  if (kind == "virtio") {
    id.kind = DeviceId::Kind::Virtio;
    return take_hex(rest, "d", 8, id.virtio_type) && rest.empty() ? std::optional(id) : std::nullopt;
  }
  if ((kind != "dt" && kind != "acpi") || rest.empty() || rest.size() > kLongestText) return std::nullopt;
  id.kind = kind == "dt" ? DeviceId::Kind::DeviceTree : DeviceId::Kind::Acpi;
  id.text = rest;
  return id;
}

const char* describe(Tier tier) {
  switch (tier) {
    case Tier::Subsystem: return "made for exactly this board (vendor, device and subsystem)";
    case Tier::VendorDevice: return "made for exactly this device (vendor and device)";
    case Tier::Text: return "names this device's compatible string";
    case Tier::Virtio: return "made for this type of virtio device";
    case Tier::ProgrammingInterface: return "fits the device's class and programming interface";
    case Tier::Class: return "fits the device's class only";
  }
  return "";
}

std::optional<Fit> best_fit(const ajdrv_package_t& package, const std::vector<DeviceId>& ids) {
  const ajdrv_section_t* matches = ajdrv_section(&package, AJDRV_SECTION_MATCH);
  std::optional<Fit> best;
  for (uint32_t i = 0; i < matches->count; ++i) {
    const uint8_t* record = ajdrv_contents(&package, matches) + size_t{i} * AJDRV_MATCH_SIZE;
    for (const DeviceId& id : ids) {
      const auto tier = fits(package, record, id);
      if (!tier) continue;
      const Fit fit = {*tier, record[kFeature]};
      if (!best || is_better(fit, *best)) best = fit;
    }
  }
  return best;
}

}  // namespace store
