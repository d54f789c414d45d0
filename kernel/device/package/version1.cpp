#include "kernel/device/package/version1.hpp"

#include <cstring>
#include <utility>

#include "kernel/device/package/last_error.hpp"
#include "kernel/diag/log.hpp"

namespace device {
namespace {

template <class Function>
bool is_code(const Image& image, Function* function) {
  return function == nullptr || image.has_code(reinterpret_cast<const void*>(function));
}

// Each function that is there lies in the driver's own code.
bool ops_are_own(const Image& image, const driver_ops_t& ops) {
  return is_code(image, ops.init) && is_code(image, ops.shutdown) && is_code(image, ops.read) &&
         is_code(image, ops.write) && is_code(image, ops.net_tx) && is_code(image, ops.net_rx) &&
         is_code(image, ops.net_get_mac) && is_code(image, ops.input_poll);
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
  const bool is_sound = copy.category == static_cast<driver_category_t>(package.header.category) &&
                        has_wanted_ops(copy) && ops_are_own(image, copy);
  return is_sound ? AJDRV_OK : AJDRV_E_OPS_INVALID;
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

hal_status_t take_ops(Version1Device& device) {
  const Driver& driver = *device.driver;
  if (driver.ops_v1 != nullptr) {
    device.ops = *driver.ops_v1;
    return driver.is_taken ? HAL_NOT_SUPPORTED : HAL_OK;
  }
  const ajdrv_error_t error = load_ops(*driver.limits->package, device.image, device.ops);
  if (error == AJDRV_OK) return HAL_OK;
  (void)refuse(error);
  return error == AJDRV_E_NOMEM ? HAL_NO_MEMORY : HAL_INVALID;
}

hal_status_t start(Version1Device& device) {
  if (const hal_status_t status = take_ops(device); status != HAL_OK) return status;
  if (const hal_status_t status = device.ops.init(device.info); status != HAL_OK) return status;
  const hal_status_t status = announce(device);
  device.is_announced = status == HAL_OK;
  if (status != HAL_OK && device.ops.shutdown != nullptr) device.ops.shutdown();
  return status;
}

hal_status_t probe(hal_device_t* info, void** context) {
  auto device = lib::make_own<Version1Device>();
  if (!device) return HAL_NO_MEMORY;
  (*device)->driver = of(info).driver;
  (*device)->info = info;
  const hal_status_t status = start(**device);
  if (status != HAL_OK) return status;
  (*device)->driver->is_taken = true;
  *context = device->release();
  return HAL_OK;
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
  device->driver->is_taken = false;
  lib::destroy(device);
}

}  // namespace

Version1Device::~Version1Device() {
  // A version 1 driver may leave its handlers behind: its shutdown is not told the device.
  if (image.size() != 0) drop_handlers(image.base(), image.size());
}

bool has_wanted_ops(const driver_ops_t& ops) {
  if (ops.init == nullptr) return false;
  switch (ops.category) {
    case DRIVER_CAT_STORAGE: return ops.read != nullptr && ops.write != nullptr;
    case DRIVER_CAT_NETWORK: return ops.net_tx != nullptr && ops.net_rx != nullptr && ops.net_get_mac != nullptr;
    case DRIVER_CAT_INPUT: return ops.input_poll != nullptr;
    default: return true;
  }
}

driver_ops_v2_t version1_shell(const char* name, driver_category_t category) {
  driver_ops_v2_t shell{};
  shell.size = sizeof(shell);
  shell.abi = DRIVER_ABI_V2;
  shell.name = name;
  shell.category = category;
  shell.probe = probe;
  shell.remove = remove;
  shell.shutdown = quiet;
  return shell;
}

ajdrv_error_t prepare_version1(Package& package) {
  // A mapping for nobody, so that operations that are wrong are found before a device is, and go by their own error.
  Image image;
  driver_ops_t ops{};
  if (const ajdrv_error_t error = load_ops(package, image, ops); error != AJDRV_OK) return error;
  package.ops = version1_shell(package.header.name, static_cast<driver_category_t>(package.header.category));
  return AJDRV_OK;
}

}  // namespace device
