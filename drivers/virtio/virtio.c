/* What all virtio devices have in common: the way to a working device (3.1), and their configuration. */
#include "drivers/virtio/virtio.h"

enum { /* 2.1: device status */
       kAcknowledge = 1,
       kDriver = 2,
       kDriverOk = 4,
       kFeaturesOk = 8,
       kFailed = 128,
       kResetMs = 1000,
};

static void add_status(virtio_device_t* virtio, uint8_t bits) {
  virtio->transport->write_status(virtio, virtio->transport->read_status(virtio) | bits);
}

static hal_status_t reset(virtio_device_t* virtio) {
  virtio->transport->write_status(virtio, 0);
  const uint64_t start = hal_timer_ms();
  while (virtio->transport->read_status(virtio) != 0) {
    if (hal_timer_ms() - start > kResetMs) return HAL_TIMEOUT;
    hal_timer_delay_us(10);
  }
  return HAL_OK;
}

hal_status_t virtio_open(virtio_device_t* virtio, hal_device_t* device) {
  *virtio = (virtio_device_t){.device = device};
  hal_status_t status = virtio_pci_open(virtio);
  if (status == HAL_NOT_SUPPORTED) status = virtio_mmio_open(virtio);
  if (status != HAL_OK) return status;
  status = reset(virtio);
  if (status != HAL_OK) return status;
  add_status(virtio, kAcknowledge);
  add_status(virtio, kDriver);
  return HAL_OK;
}

hal_status_t virtio_negotiate(virtio_device_t* virtio, uint64_t wanted) {
  const uint64_t offered = virtio->transport->read_features(virtio);
  if ((offered & VIRTIO_F_VERSION_1) == 0) return HAL_NOT_SUPPORTED;
  virtio->features = offered & (wanted | VIRTIO_F_VERSION_1);
  virtio->transport->write_features(virtio, virtio->features);
  add_status(virtio, kFeaturesOk);
  const uint8_t status = virtio->transport->read_status(virtio);
  if ((status & kFeaturesOk) != 0 && status != UINT8_MAX) return HAL_OK;
  add_status(virtio, kFailed);
  return HAL_NOT_SUPPORTED;
}

void virtio_start(virtio_device_t* virtio) { add_status(virtio, kDriverOk); }

void virtio_close(virtio_device_t* virtio) {
  if (virtio->transport == NULL) return;
  if (reset(virtio) != HAL_OK) hal_log(HAL_LOG_ERROR, "virtio", "%s does not stop", virtio->device->name);
}

uint32_t virtio_interrupt_reason(virtio_device_t* virtio) { return virtio->transport->interrupt_reason(virtio); }

uint8_t virtio_config8(const virtio_device_t* virtio, uint32_t offset) {
  return offset < virtio->config_size ? hal_mmio_read8(virtio->config + offset) : UINT8_MAX;
}

uint16_t virtio_config16(const virtio_device_t* virtio, uint32_t offset) {
  return offset + 2 <= virtio->config_size ? hal_mmio_read16(virtio->config + offset) : UINT16_MAX;
}

uint32_t virtio_config32(const virtio_device_t* virtio, uint32_t offset) {
  return offset + 4 <= virtio->config_size ? hal_mmio_read32(virtio->config + offset) : UINT32_MAX;
}

uint64_t virtio_config64(virtio_device_t* virtio, uint32_t offset) {
  const uint64_t start = hal_timer_ms();
  for (;;) {
    const uint32_t before = virtio->transport->generation(virtio);
    const uint64_t value = virtio_config32(virtio, offset) | (uint64_t)virtio_config32(virtio, offset + 4) << 32;
    if (virtio->transport->generation(virtio) == before || hal_timer_ms() - start > kResetMs) return value;
  }
}

void virtio_config_write8(virtio_device_t* virtio, uint32_t offset, uint8_t value) {
  if (offset < virtio->config_size) hal_mmio_write8(virtio->config + offset, value);
}
