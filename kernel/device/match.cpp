// Match tables against devices. The rank of a record is the number of things that it asks for, then its feature score.
#include <algorithm>
#include <cstring>

#include "kernel/device/driver.hpp"

namespace device {
namespace {

constexpr u32 kSpecific = 256;  // one more thing asked for outweighs any feature score

u32 bits_in(u8 mask) { return static_cast<u32>(__builtin_popcount(mask)); }

bool pci_fits(const driver_match_t& match, const hal_device_t& info) {
  const auto& want = match.u.pci;
  const u8 mask = match.mask;
  if (info.bus != HAL_BUS_PCI || mask == 0) return false;
  return ((mask & DRIVER_MATCH_VENDOR) == 0 || want.vendor == info.vendor) &&
         ((mask & DRIVER_MATCH_DEVICE) == 0 || want.device == info.device) &&
         ((mask & DRIVER_MATCH_SUBVENDOR) == 0 || want.subvendor == info.subvendor) &&
         ((mask & DRIVER_MATCH_SUBDEVICE) == 0 || want.subdevice == info.subdevice) &&
         ((mask & DRIVER_MATCH_CLASS) == 0 || (info.class_code & want.class_mask) == want.class_code) &&
         ((mask & DRIVER_MATCH_REVISION) == 0 ||
          (info.revision >= want.revision_min && info.revision <= want.revision_max));
}

// The place of the string in the device's list, counted from 1; 0: it is not there.
u32 compatible_index(const hal_device_t& info, std::string_view wanted) {
  const char* at = info.compatible;
  const char* const end = at + sizeof(info.compatible);
  for (u32 index = 1; at < end && *at != '\0'; ++index) {
    const std::string_view text(at, strnlen(at, static_cast<usize>(end - at)));
    if (text == wanted) return index;
    at += text.size() + 1;
  }
  return 0;
}

u32 rank_of(const driver_match_t& match, const char* strings, const hal_device_t& info) {
  switch (match.bus) {
    case HAL_BUS_PCI: return pci_fits(match, info) ? bits_in(match.mask) * kSpecific + match.feature : 0;
    case HAL_BUS_VIRTIO:
      return info.virtio_type != 0 && match.u.virtio.type == info.virtio_type ? 2 * kSpecific + match.feature : 0;
    case HAL_BUS_DEVICE_TREE:
    case HAL_BUS_ACPI: {
      if (info.bus != match.bus || strings == nullptr) return 0;
      const u32 index = compatible_index(info, {strings + match.u.text.offset, match.u.text.length});
      // Earlier strings of a device are the more specific ones.
      return index == 0 ? 0 : 8 * kSpecific - (index < 8 ? index : 7) * kSpecific + match.feature;
    }
    default: return 0;
  }
}

}  // namespace

u32 match_rank(std::span<const driver_match_t> matches, const char* strings, const hal_device_t& info) {
  u32 best = 0;
  for (const driver_match_t& match : matches) {
    const u32 rank = rank_of(match, strings, info);
    if (rank > best) best = rank;
  }
  return best;
}

u32 driver_rank(const Driver& driver, const Device& device) {
  const driver_ops_v2_t& ops = *driver.ops;
  const u32 own = match_rank({ops.matches, ops.match_count}, ops.strings, device.info);
  if (driver.limits == nullptr) return own;
  const Limits& limits = *driver.limits;
  if (limits.is_limited && std::ranges::find(limits.only, &device) == limits.only.end()) return 0;
  // A version 1 driver has no table of its own.
  if (own == 0 && ops.match_count != 0) return 0;
  return match_rank(limits.matches, limits.strings, device.info);
}

}  // namespace device
