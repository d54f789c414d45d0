/* NVM Express disks: the driver's beginning and end. */
#include "drivers/storage/nvme/nvme.h"

static uint32_t controllers_seen;

/* The kernel may use the memory of requests again once their disk was removed: the controller stops before. */
static void release(nvme_controller_t* nvme) {
  nvme_queues_stop(nvme);
  nvme_controller_stop(nvme);
  for (uint32_t i = 0; i < nvme->disk_count; ++i) storage_remove(nvme->disks[i].handle);
  nvme_queues_close(nvme);
  nvme_controller_close(nvme);
  hal_irq_free(nvme->device);
  hal_free(nvme);
}

static hal_status_t nvme_probe(hal_device_t* device, void** context) {
  nvme_controller_t* nvme = hal_alloc(sizeof(nvme_controller_t), 16);
  if (nvme == NULL) return HAL_NO_MEMORY;
  nvme->device = device;
  hal_status_t status = nvme_controller_start(nvme);
  if (status == HAL_OK) status = nvme_identify_controller(nvme);
  if (status == HAL_OK) status = nvme_queues_open(nvme);
  if (status != HAL_OK) {
    release(nvme);
    return status;
  }
  nvme->number = __atomic_fetch_add(&controllers_seen, 1, __ATOMIC_RELAXED);
  hal_log(HAL_LOG_INFO, "nvme", "%s: %s, %u queues", device->name, nvme->model, nvme->queue_count);
  status = nvme_add_disks(nvme);
  if (status != HAL_OK) {
    release(nvme);
    return status;
  }
  *context = nvme;
  return HAL_OK;
}

static void nvme_remove(void* context) { release(context); }

static void nvme_shutdown(void* context) { nvme_controller_announce_shutdown(context); }

/* Mass storage, non-volatile memory, NVM Express (PCI Code and ID Assignment 1.11, 1.9). */
static const driver_match_t matches[] = {
    {.bus = HAL_BUS_PCI, .mask = DRIVER_MATCH_CLASS, .u.pci = {.class_code = 0x010802, .class_mask = 0xffffff}},
};

static const driver_ops_v2_t nvme_driver = {
    .size = sizeof(driver_ops_v2_t),
    .abi = DRIVER_ABI_V2,
    .name = "nvme",
    .category = DRIVER_CAT_STORAGE,
    .match_count = sizeof(matches) / sizeof(matches[0]),
    .matches = matches,
    .probe = nvme_probe,
    .remove = nvme_remove,
    .shutdown = nvme_shutdown,
};
DRIVER_V2(nvme_driver);
