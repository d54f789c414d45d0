/* A driver of version 1 that does not get its device to work. */
#include "kernel/driver_loader.h"

static hal_status_t init(hal_device_t* device) {
  (void)device;
  return HAL_TIMEOUT;
}
static int64_t read(void* buffer, uint64_t lba, uint32_t count) {
  (void)buffer, (void)lba, (void)count;
  return HAL_ERROR;
}
static int64_t write(const void* buffer, uint64_t lba, uint32_t count) {
  (void)buffer, (void)lba, (void)count;
  return HAL_ERROR;
}

static const driver_ops_t ops = {
    .name = "failing", .category = DRIVER_CAT_STORAGE, .init = init, .read = read, .write = write};
static const driver_ops_t* get_ops(void) { return &ops; }
DRIVER_V1(get_ops);
