/* A storage driver of version 1 that cannot read. */
#include "kernel/driver_loader.h"

static hal_status_t init(hal_device_t* device) {
  (void)device;
  hal_log(HAL_LOG_ERROR, "missing_ops", "init was called");
  return HAL_OK;
}

static const driver_ops_t ops = {.name = "missing_ops", .category = DRIVER_CAT_STORAGE, .init = init};
static const driver_ops_t* get_ops(void) { return &ops; }
DRIVER_V1(get_ops);
