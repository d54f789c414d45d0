#include "kernel/device/package/version1.hpp"

#include <cstring>
#include <utility>

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

// Asks the code for its operations and copies what is sound: NOMEM, ENTRY_NULL, OPS_INVALID.
ajdrv_error_t load_ops(const Package& package, Image& image, driver_ops_t& copy) {
  auto loaded = Image::load(package.code);
  if (!loaded) return AJDRV_E_NOMEM;
  image = std::move(*loaded);
  const auto entry = reinterpret_cast<driver_entry_v1_t>(image.entry());
  const driver_ops_t* ops = entry();
  if (ops == nullptr) return AJDRV_E_ENTRY_NULL;
  if (!image.has_data(ops, sizeof(*ops))) return AJDRV_E_OPS_INVALID;
  std::memcpy(&copy, ops, sizeof(copy));
  return ops_are_sound(image, copy, package.header) ? AJDRV_OK : AJDRV_E_OPS_INVALID;
}

hal_status_t announce(Version1Device& device) {
  switch (device.ops.category) {
    case DRIVER_CAT_STORAGE: return announce_storage(device);
    case DRIVER_CAT_NETWORK: return announce_network(device);
    case DRIVER_CAT_INPUT: return announce_input(device);
    default: return HAL_OK;  // it runs, and nothing is asked of it
  }
}

void withdraw(Version1Device& device) {
  if (!std::exchange(device.is_announced, false)) return;
  switch (device.ops.category) {
    case DRIVER_CAT_STORAGE: return withdraw_storage(device);
    case DRIVER_CAT_NETWORK: return withdraw_network(device);
    case DRIVER_CAT_INPUT: return withdraw_input(device);
    default: return;
  }
}

hal_status_t start(Version1Device& device) {
  if (const ajdrv_error_t error = load_ops(*device.package, device.image, device.ops); error != AJDRV_OK) {
    (void)refuse(error);
    return error == AJDRV_E_NOMEM ? HAL_NO_MEMORY : HAL_INVALID;
  }
  if (const hal_status_t status = device.ops.init(device.info); status != HAL_OK) return status;
  const hal_status_t status = announce(device);
  device.is_announced = status == HAL_OK;
  if (status != HAL_OK && device.ops.shutdown != nullptr) device.ops.shutdown();
  return status;
}

hal_status_t probe(hal_device_t* info, void** context) {
  auto device = lib::make_own<Version1Device>();
  if (!device) return HAL_NO_MEMORY;
  (*device)->package = of(info).driver->limits->package;
  (*device)->info = info;
  const hal_status_t status = start(**device);
  if (status == HAL_OK) *context = device->release();
  return status;
}

// A driver that was shut down is not called again, so what it announced goes first.
void quiet(void* context) {
  auto& device = *static_cast<Version1Device*>(context);
  withdraw(device);
  if (device.ops.shutdown != nullptr) device.ops.shutdown();
}

void remove(void* context) {
  auto* device = static_cast<Version1Device*>(context);
  quiet(device);
  lib::destroy(device);
}

}  // namespace

Version1Device::~Version1Device() {
  // A version 1 driver may leave its handlers behind: its shutdown is not told the device.
  if (image.size() != 0) drop_handlers(image.base(), image.size());
}

ajdrv_error_t prepare_version1(Package& package) {
  // A mapping for nobody, so that operations that are wrong are found before a device is, and go by their own error.
  Image image;
  driver_ops_t ops{};
  if (const ajdrv_error_t error = load_ops(package, image, ops); error != AJDRV_OK) return error;
  package.ops.size = sizeof(package.ops);
  package.ops.abi = DRIVER_ABI_V2;
  package.ops.name = package.header.name;
  package.ops.category = static_cast<driver_category_t>(package.header.category);
  package.ops.probe = probe;
  package.ops.remove = remove;
  package.ops.shutdown = quiet;
  return AJDRV_OK;
}

}  // namespace device
