/* Virtio over PCI: the structures that vendor capabilities point to (4.1.4). */
#include "drivers/virtio/virtio.h"

enum {
  kVendorCapability = 0x09,
  /* struct virtio_pci_cap */
  kCapType = 3,
  kCapBar = 4,
  kCapOffset = 8,
  kCapLength = 12,
  kCapNotifyMultiplier = 16,
  kTypeCommon = 1,
  kTypeNotify = 2,
  kTypeIsr = 3,
  kTypeDevice = 4,
  /* the common structure (4.1.4.3) */
  kDeviceFeatureSelect = 0,
  kDeviceFeature = 4,
  kDriverFeatureSelect = 8,
  kDriverFeature = 12,
  kConfigVector = 16,
  kStatus = 20,
  kGeneration = 21,
  kQueueSelect = 22,
  kQueueSize = 24,
  kQueueVector = 26,
  kQueueEnable = 28,
  kQueueNotifyOffset = 30,
  kQueueDescriptors = 32,
  kQueueAvailable = 40,
  kQueueUsed = 48,
  kCommonSize = 56,
  kNoVector = 0xffff,
};

static uint8_t read_status(virtio_device_t* virtio) { return hal_mmio_read8(virtio->common + kStatus); }
static void write_status(virtio_device_t* virtio, uint8_t status) { hal_mmio_write8(virtio->common + kStatus, status); }

static uint64_t read_features(virtio_device_t* virtio) {
  hal_mmio_write32(virtio->common + kDeviceFeatureSelect, 0);
  const uint64_t low = hal_mmio_read32(virtio->common + kDeviceFeature);
  hal_mmio_write32(virtio->common + kDeviceFeatureSelect, 1);
  return low | (uint64_t)hal_mmio_read32(virtio->common + kDeviceFeature) << 32;
}

static void write_features(virtio_device_t* virtio, uint64_t features) {
  hal_mmio_write32(virtio->common + kDriverFeatureSelect, 0);
  hal_mmio_write32(virtio->common + kDriverFeature, (uint32_t)features);
  hal_mmio_write32(virtio->common + kDriverFeatureSelect, 1);
  hal_mmio_write32(virtio->common + kDriverFeature, (uint32_t)(features >> 32));
}

static uint16_t queue_size(virtio_device_t* virtio, uint16_t queue) {
  hal_mmio_write16(virtio->common + kQueueSelect, queue);
  if (hal_mmio_read16(virtio->common + kQueueEnable) != 0) return 0;
  return hal_mmio_read16(virtio->common + kQueueSize);
}

static void write_address(volatile uint8_t* at, uint64_t address) {
  hal_mmio_write32(at, (uint32_t)address);
  hal_mmio_write32(at + 4, (uint32_t)(address >> 32));
}

static volatile void* queue_enable(virtio_device_t* virtio, uint16_t queue, uint16_t size, const uint64_t rings[3],
                                   uint32_t interrupt) {
  volatile uint8_t* common = virtio->common;
  hal_mmio_write16(common + kQueueSelect, queue);
  hal_mmio_write16(common + kQueueSize, size);
  const uint16_t vector = hal_irq_is_msix(virtio->device) ? (uint16_t)interrupt : (uint16_t)kNoVector;
  hal_mmio_write16(common + kQueueVector, vector);
  if (hal_mmio_read16(common + kQueueVector) != vector) return NULL; /* the device has no room for it (4.1.5.1.2.1) */
  write_address(common + kQueueDescriptors, rings[0]);
  write_address(common + kQueueAvailable, rings[1]);
  write_address(common + kQueueUsed, rings[2]);
  const uint64_t offset = (uint64_t)hal_mmio_read16(common + kQueueNotifyOffset) * virtio->notify_multiplier;
  if (virtio->notify_size < 2 || offset > virtio->notify_size - 2) return NULL;
  hal_mmio_write16(common + kQueueEnable, 1);
  return virtio->notify + offset;
}

/* With MSI-X the register is not used (4.1.4.5). */
static uint32_t interrupt_reason(virtio_device_t* virtio) {
  if (hal_irq_is_msix(virtio->device)) return VIRTIO_REASON_QUEUE;
  return hal_mmio_read8(virtio->isr);
}

static uint32_t generation(virtio_device_t* virtio) { return hal_mmio_read8(virtio->common + kGeneration); }

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

/* Where a capability points to, checked against its BAR; the first of a type that can be used counts (4.1.4.1). */
static volatile uint8_t* map_structure(virtio_device_t* virtio, uint32_t capability, uint32_t* size) {
  hal_device_t* device = virtio->device;
  const uint8_t bar = hal_bus_pci_read8(device, capability + kCapBar);
  const uint64_t offset = hal_bus_pci_read32(device, capability + kCapOffset);
  const uint64_t length = hal_bus_pci_read32(device, capability + kCapLength);
  if (bar >= HAL_BAR_COUNT || offset > device->bar[bar].size || length > device->bar[bar].size - offset) return NULL;
  volatile uint8_t* base = hal_bus_map_bar(device, bar);
  *size = (uint32_t)length;
  return base == NULL ? NULL : base + offset;
}

static void take_capability(virtio_device_t* virtio, uint32_t capability) {
  uint32_t size = 0;
  volatile uint8_t* at = map_structure(virtio, capability, &size);
  if (at == NULL) return;
  switch (hal_bus_pci_read8(virtio->device, capability + kCapType)) {
    case kTypeCommon:
      if (virtio->common == NULL && size >= kCommonSize) virtio->common = at;
      break;
    case kTypeNotify:
      if (virtio->notify != NULL) break;
      virtio->notify = at;
      virtio->notify_size = size;
      virtio->notify_multiplier = hal_bus_pci_read32(virtio->device, capability + kCapNotifyMultiplier);
      break;
    case kTypeIsr:
      if (virtio->isr == NULL && size >= 1) virtio->isr = at;
      break;
    case kTypeDevice:
      if (virtio->config != NULL) break;
      virtio->config = at;
      virtio->config_size = size;
      break;
    default: break;
  }
}

hal_status_t virtio_pci_open(virtio_device_t* virtio) {
  if (virtio->device->bus != HAL_BUS_PCI) return HAL_NOT_SUPPORTED;
  uint32_t capability = 0;
  while ((capability = hal_bus_pci_find_capability(virtio->device, kVendorCapability, capability)) != 0) {
    take_capability(virtio, capability);
  }
  if (virtio->common == NULL || virtio->notify == NULL || virtio->isr == NULL) return HAL_NOT_SUPPORTED;
  virtio->transport = &transport;
  return hal_bus_pci_enable(virtio->device);
}
