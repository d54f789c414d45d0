// Version 2 drivers: the operations that the code hands over are copied and looked at before anything calls them.
#include <algorithm>
#include <cstring>

#include "kernel/device/package/package.hpp"

namespace device {
namespace {

constexpr usize kSmallestOps = offsetof(driver_ops_v2_t, shutdown);

template <class Function>
bool is_code(const Image& image, Function* function, bool may_be_null = false) {
  if (function == nullptr) return may_be_null;
  return image.has_code(reinterpret_cast<const void*>(function));
}

bool matches_are_sound(const Image& image, const driver_ops_v2_t& ops) {
  if (ops.match_count > AJDRV_MAX_MATCHES) return false;
  if (ops.match_count != 0 && !image.has_data(ops.matches, ops.match_count * sizeof(driver_match_t))) return false;
  for (u32 i = 0; i < ops.match_count; ++i) {
    const driver_match_t& match = ops.matches[i];
    if (match.bus != HAL_BUS_DEVICE_TREE && match.bus != HAL_BUS_ACPI) continue;
    const usize end = usize{match.u.text.offset} + match.u.text.length;
    if (ops.strings == nullptr || end == 0 || !image.has_data(ops.strings, end)) return false;
  }
  return true;
}

bool ops_are_sound(const Image& image, const driver_ops_v2_t& ops, const ajdrv_package_t& header) {
  return ops.abi >> 16 == 2 && ops.category == static_cast<driver_category_t>(header.category) &&
         is_code(image, ops.probe) && is_code(image, ops.remove) && is_code(image, ops.shutdown, true) &&
         is_code(image, ops.suspend, true) && is_code(image, ops.resume, true) && matches_are_sound(image, ops);
}

}  // namespace

ajdrv_error_t prepare_version2(Package& package) {
  auto image = Image::load(package.code);
  if (!image) return AJDRV_E_NOMEM;
  package.image = std::move(*image);
  const auto entry = reinterpret_cast<driver_entry_v2_t>(package.image.entry());
  const driver_ops_v2_t* ops = entry();
  if (ops == nullptr) return AJDRV_E_ENTRY_NULL;
  if (!package.image.has_data(ops, kSmallestOps) || ops->size < kSmallestOps ||
      !package.image.has_data(ops, ops->size)) {
    return AJDRV_E_OPS_INVALID;
  }
  std::memcpy(&package.ops, ops, std::min<usize>(ops->size, sizeof(package.ops)));
  package.ops.size = sizeof(package.ops);  // what the driver did not have is zero
  package.ops.name = package.header.name;
  return ops_are_sound(package.image, package.ops, package.header) ? AJDRV_OK : AJDRV_E_OPS_INVALID;
}

}  // namespace device
