/* A driver of version 1 that names functions of the kernel as its own operations. */
#include "kernel/driver_loader.h"

static hal_status_t init(hal_device_t* device) {
  (void)device;
  hal_log(HAL_LOG_ERROR, "foreign_ops", "init was called");
  return HAL_OK;
}

static driver_ops_t ops = {.name = "foreign_ops", .category = DRIVER_CAT_STORAGE, .init = init};
static const driver_ops_t* get_ops(void) {
  ops.read = (int64_t (*)(void*, uint64_t, uint32_t))(void*)hal_timer_ms;
  ops.write = (int64_t (*)(const void*, uint64_t, uint32_t))(void*)hal_timer_ms;
  return &ops;
}
DRIVER_V1(get_ops);
