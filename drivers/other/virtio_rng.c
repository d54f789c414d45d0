/* Virtio entropy device (5.4): random bytes of the host for the kernel's pool, asked for when the device is found. */
#include "drivers/virtio/virtio.h"

enum { kRequestSize = 64, kQueueEntries = 2 };

typedef struct {
  virtio_device_t virtio;
  virtio_queue_t queue;
  hal_work_t collect;
  uint32_t irq;
  uint8_t* bytes;
  uint64_t bytes_address;
} rng_t;

static void ask(rng_t* rng) {
  const virtio_piece_t piece = {.address = rng->bytes_address, .length = kRequestSize};
  if (virtio_queue_add(&rng->queue, &piece, 0, 1, rng) == HAL_OK) virtio_queue_kick(&rng->queue);
}

static void collect(void* context) {
  rng_t* rng = context;
  uint32_t written = 0;
  if (virtio_queue_take(&rng->queue, &written) == NULL) return;
  entropy_add(rng->bytes, written < kRequestSize ? written : kRequestSize);
  for (uint32_t i = 0; i < kRequestSize; ++i) rng->bytes[i] = 0;
}

static void interrupt(uint32_t irq, void* context) {
  (void)irq;
  rng_t* rng = context;
  if ((virtio_interrupt_reason(&rng->virtio) & VIRTIO_REASON_QUEUE) != 0) hal_work_schedule(&rng->collect);
}

static void release(rng_t* rng) {
  virtio_close(&rng->virtio);
  if (rng->irq != HAL_NO_IRQ) hal_irq_unregister(rng->irq, interrupt, rng);
  hal_work_cancel(&rng->collect);
  virtio_queue_close(&rng->queue);
  if (rng->bytes != NULL) hal_dma_free(rng->virtio.device, rng->bytes, kRequestSize);
  hal_free(rng);
}

static hal_status_t start(rng_t* rng, hal_device_t* device) {
  hal_status_t status = virtio_open(&rng->virtio, device);
  if (status == HAL_OK) status = virtio_negotiate(&rng->virtio, VIRTIO_F_EVENT_IDX);
  if (status != HAL_OK) return status;
  rng->bytes = hal_dma_alloc(device, kRequestSize, &rng->bytes_address);
  if (rng->bytes == NULL) return HAL_NO_MEMORY;
  uint32_t granted = 0;
  status = hal_irq_allocate(device, 1, &granted);
  if (status == HAL_OK) status = virtio_queue_open(&rng->virtio, &rng->queue, 0, kQueueEntries, 0);
  if (status != HAL_OK) return status;
  const uint32_t irq = hal_irq_of(device, 0);
  status = hal_irq_register(irq, interrupt, rng);
  if (status != HAL_OK) return status;
  rng->irq = irq;
  hal_irq_enable(irq);
  virtio_start(&rng->virtio);
  ask(rng);
  return HAL_OK;
}

static hal_status_t rng_probe(hal_device_t* device, void** context) {
  rng_t* rng = hal_alloc(sizeof(rng_t), 16);
  if (rng == NULL) return HAL_NO_MEMORY;
  rng->irq = HAL_NO_IRQ;
  rng->collect.function = collect;
  rng->collect.context = rng;
  const hal_status_t status = start(rng, device);
  if (status != HAL_OK) {
    release(rng);
    return status;
  }
  *context = rng;
  return HAL_OK;
}

static void rng_remove(void* context) { release(context); }

static const driver_match_t matches[] = {
    {.bus = HAL_BUS_VIRTIO, .mask = 1, .u.virtio = {.type = VIRTIO_TYPE_ENTROPY}},
};

static const driver_ops_v2_t virtio_rng_driver = {
    .size = sizeof(driver_ops_v2_t),
    .abi = DRIVER_ABI_V2,
    .name = "virtio-rng",
    .category = DRIVER_CAT_OTHER,
    .match_count = sizeof(matches) / sizeof(matches[0]),
    .matches = matches,
    .probe = rng_probe,
    .remove = rng_remove,
};
DRIVER_V2(virtio_rng_driver);
