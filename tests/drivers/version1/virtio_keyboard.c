/*
 * A virtio keyboard (Virtual I/O Device Version 1.2, 5.8) as an input driver of version 1: the kernel asks for the next
 * key that was struck. No interrupts.
 */
#include "drivers/virtio/virtio.h"

enum { EVENT_QUEUE = 0, EVENTS = 64, KEY = 1, PRESSED = 1 };

typedef struct {
  uint16_t type, code;
  uint32_t value;
} event_t;
_Static_assert(sizeof(event_t) == 8, "virtio_input_event");

static virtio_device_t virtio;
static virtio_queue_t queue;
static event_t* events;
static uint64_t events_address;

static void offer(event_t* event) {
  const uint64_t offset = (uint64_t)((uint8_t*)event - (uint8_t*)events);
  const virtio_piece_t piece = {.address = events_address + offset, .length = sizeof(*event)};
  virtio_queue_add(&queue, &piece, 0, 1, event);
}

static void stop(void) {
  virtio_close(&virtio);
  virtio_queue_close(&queue);
  hal_dma_free(virtio.device, events, EVENTS * sizeof(event_t));
}

static hal_status_t start(hal_device_t* device) {
  hal_status_t status = virtio_open(&virtio, device);
  if (status == HAL_OK) status = virtio_negotiate(&virtio, 0);
  if (status != HAL_OK) return status;
  events = hal_dma_alloc(device, EVENTS * sizeof(event_t), &events_address);
  if (events == NULL) return HAL_NO_MEMORY;
  return virtio_queue_open(&virtio, &queue, EVENT_QUEUE, EVENTS, 0);
}

static hal_status_t init(hal_device_t* device) {
  const hal_status_t status = start(device);
  if (status != HAL_OK) {
    stop();
    return status;
  }
  virtio_queue_quiet(&queue);
  virtio_start(&virtio);
  for (uint32_t i = 0; i < queue.size; ++i) offer(&events[i]);
  virtio_queue_kick(&queue);
  return HAL_OK;
}

static int input_poll(void) {
  int key = -1;
  uint32_t written = 0;
  event_t* event = NULL;
  while (key < 0 && (event = virtio_queue_take(&queue, &written)) != NULL) {
    /* Read once: the device may write to it still. */
    const event_t seen = *(volatile const event_t*)event;
    if (written == sizeof(seen) && seen.type == KEY && seen.value == PRESSED) key = seen.code;
    offer(event);
  }
  virtio_queue_kick(&queue);
  return key;
}

static const driver_ops_t ops = {
    .name = "virtio_keyboard",
    .category = DRIVER_CAT_INPUT,
    .init = init,
    .shutdown = stop,
    .input_poll = input_poll,
};
static const driver_ops_t* get_ops(void) { return &ops; }
DRIVER_V1(get_ops);
