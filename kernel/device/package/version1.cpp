#include "kernel/device/package/version1.hpp"

#include <cstring>

#include "kernel/device/package/last_error.hpp"
#include "kernel/diag/log.hpp"

namespace device {
namespace {

template <class Function>
bool is_code(const Image& image, Function* function, bool is_wanted) {
  if (function == nullptr) return !is_wanted;
  return image.has_code(reinterpret_cast<const void*>(function));
}

// The guide's table of what each category must have.
bool ops_are_sound(const Image& image, const driver_ops_t& ops, const ajdrv_package_t& header) {
  const bool storage = ops.category == DRIVER_CAT_STORAGE, network = ops.category == DRIVER_CAT_NETWORK;
  return ops.category == static_cast<driver_category_t>(header.category) && is_code(image, ops.init, true) &&
         is_code(image, ops.shutdown, false) && is_code(image, ops.read, storage) &&
         is_code(image, ops.write, storage) && is_code(image, ops.net_tx, network) &&
         is_code(image, ops.net_rx, network) && is_code(image, ops.net_get_mac, network) &&
         is_code(image, ops.input_poll, ops.category == DRIVER_CAT_INPUT);
}

ajdrv_error_t read_ops(Version1Device& device, const ajdrv_package_t& header) {
  const auto entry = reinterpret_cast<driver_entry_v1_t>(device.image.entry());
  const driver_ops_t* ops = entry();
  if (ops == nullptr) return AJDRV_E_ENTRY_NULL;
  if (!device.image.has_data(ops, sizeof(*ops))) return AJDRV_E_OPS_INVALID;
  std::memcpy(&device.ops, ops, sizeof(*ops));
  return ops_are_sound(device.image, device.ops, header) ? AJDRV_OK : AJDRV_E_OPS_INVALID;
}

hal_status_t announce(Version1Device& device) {
  switch (device.ops.category) {
    case DRIVER_CAT_STORAGE: return announce_storage(device);
    case DRIVER_CAT_NETWORK:
    case DRIVER_CAT_INPUT: return HAL_NOT_SUPPORTED;
    default: return HAL_OK;  // it runs, and nothing is asked of it
  }
}

hal_status_t start(Version1Device& device, const Package& package) {
  if (const ajdrv_error_t error = read_ops(device, package.header); error != AJDRV_OK) {
    (void)refuse(error);
    return HAL_INVALID;
  }
  if (const hal_status_t status = device.ops.init(device.info); status != HAL_OK) return status;
  const hal_status_t status = announce(device);
  if (status != HAL_OK && device.ops.shutdown != nullptr) device.ops.shutdown();
  return status;
}

hal_status_t probe(hal_device_t* info, void** context) {
  const Package& package = *of(info).driver->limits->package;
  auto device = lib::make_own<Version1Device>();
  auto image = Image::load(package.code);
  if (!device || !image) return HAL_NO_MEMORY;
  (*device)->image = std::move(*image);
  (*device)->info = info;
  const hal_status_t status = start(**device, package);
  if (status == HAL_OK) *context = device->release();
  return status;
}

void quiet(void* context) {
  auto& device = *static_cast<Version1Device*>(context);
  if (device.ops.shutdown != nullptr) device.ops.shutdown();
}

void remove(void* context) {
  auto* device = static_cast<Version1Device*>(context);
  if (device->ops.category == DRIVER_CAT_STORAGE) withdraw_storage(*device);
  quiet(device);
  lib::destroy(device);
}

}  // namespace

Version1Device::~Version1Device() {
  // A version 1 driver may leave its handlers behind: its shutdown is not told the device.
  if (image.size() != 0) drop_handlers(image.base(), image.size());
}

void prepare_version1(Package& package) {
  package.ops.size = sizeof(package.ops);
  package.ops.abi = DRIVER_ABI_V2;
  package.ops.name = package.header.name;
  package.ops.category = static_cast<driver_category_t>(package.header.category);
  package.ops.probe = probe;
  package.ops.remove = remove;
  package.ops.shutdown = quiet;
}

}  // namespace device
