/* Virtio over memory: registers at a fixed place (4.2.2). */
#include "drivers/virtio/virtio.h"

enum {
  kMagic = 0x000,
  kVersion = 0x004,
  kDeviceFeatures = 0x010,
  kDeviceFeaturesSelect = 0x014,
  kDriverFeatures = 0x020,
  kDriverFeaturesSelect = 0x024,
  kQueueSelect = 0x030,
  kQueueSizeMax = 0x034,
  kQueueSize = 0x038,
  kQueueReady = 0x044,
  kQueueNotify = 0x050,
  kInterruptStatus = 0x060,
  kInterruptAck = 0x064,
  kStatus = 0x070,
  kQueueDescriptors = 0x080,
  kQueueAvailable = 0x090,
  kQueueUsed = 0x0a0,
  kGeneration = 0x0fc,
  kConfig = 0x100,
  kMagicValue = 0x74726976,
  kModern = 2,
};

static uint8_t read_status(virtio_device_t* virtio) { return (uint8_t)hal_mmio_read32(virtio->common + kStatus); }
static void write_status(virtio_device_t* virtio, uint8_t status) {
  hal_mmio_write32(virtio->common + kStatus, status);
}

static uint64_t read_features(virtio_device_t* virtio) {
  hal_mmio_write32(virtio->common + kDeviceFeaturesSelect, 0);
  const uint64_t low = hal_mmio_read32(virtio->common + kDeviceFeatures);
  hal_mmio_write32(virtio->common + kDeviceFeaturesSelect, 1);
  return low | (uint64_t)hal_mmio_read32(virtio->common + kDeviceFeatures) << 32;
}

static void write_features(virtio_device_t* virtio, uint64_t features) {
  hal_mmio_write32(virtio->common + kDriverFeaturesSelect, 0);
  hal_mmio_write32(virtio->common + kDriverFeatures, (uint32_t)features);
  hal_mmio_write32(virtio->common + kDriverFeaturesSelect, 1);
  hal_mmio_write32(virtio->common + kDriverFeatures, (uint32_t)(features >> 32));
}

static uint16_t queue_size(virtio_device_t* virtio, uint16_t queue) {
  hal_mmio_write32(virtio->common + kQueueSelect, queue);
  if (hal_mmio_read32(virtio->common + kQueueReady) != 0) return 0;
  const uint32_t most = hal_mmio_read32(virtio->common + kQueueSizeMax);
  return most > 0x8000 ? 0 : (uint16_t)most;
}

static void write_address(volatile uint8_t* at, uint64_t address) {
  hal_mmio_write32(at, (uint32_t)address);
  hal_mmio_write32(at + 4, (uint32_t)(address >> 32));
}

static volatile void* queue_enable(virtio_device_t* virtio, uint16_t queue, uint16_t size, const uint64_t rings[3],
                                   uint32_t interrupt) {
  (void)interrupt; /* there is one line */
  volatile uint8_t* registers = virtio->common;
  hal_mmio_write32(registers + kQueueSelect, queue);
  hal_mmio_write32(registers + kQueueSize, size);
  write_address(registers + kQueueDescriptors, rings[0]);
  write_address(registers + kQueueAvailable, rings[1]);
  write_address(registers + kQueueUsed, rings[2]);
  hal_mmio_write32(registers + kQueueReady, 1);
  return registers + kQueueNotify;
}

static uint32_t interrupt_reason(virtio_device_t* virtio) {
  const uint32_t reason = hal_mmio_read32(virtio->common + kInterruptStatus);
  if (reason != 0) hal_mmio_write32(virtio->common + kInterruptAck, reason);
  return reason;
}

static uint32_t generation(virtio_device_t* virtio) { return hal_mmio_read32(virtio->common + kGeneration); }

static const virtio_transport_t transport = {
    .read_status = read_status,
    .write_status = write_status,
    .read_features = read_features,
    .write_features = write_features,
    .queue_size = queue_size,
    .queue_enable = queue_enable,
    .interrupt_reason = interrupt_reason,
    .generation = generation,
};

hal_status_t virtio_mmio_open(virtio_device_t* virtio) {
  hal_device_t* device = virtio->device;
  if (device->bus == HAL_BUS_PCI || device->bar[0].size < kConfig) return HAL_NOT_SUPPORTED;
  volatile uint8_t* registers = hal_bus_map_bar(device, 0);
  if (registers == NULL) return HAL_NO_MEMORY;
  if (hal_mmio_read32(registers + kMagic) != kMagicValue) return HAL_NOT_SUPPORTED;
  if (hal_mmio_read32(registers + kVersion) != kModern) {
    hal_log(HAL_LOG_WARNING, "virtio", "%s has the legacy interface only (QEMU: -global virtio-mmio.force-legacy=off)",
            device->name);
    return HAL_NOT_SUPPORTED;
  }
  virtio->common = registers;
  virtio->config = registers + kConfig;
  virtio->config_size = (uint32_t)device->bar[0].size - kConfig;
  virtio->transport = &transport;
  return HAL_OK;
}
