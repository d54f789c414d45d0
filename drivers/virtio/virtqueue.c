/*
 * Split rings (2.7). One piece of memory for each queue: descriptors, the ring of what is available to the device, and
 * at the next page the ring of what it has used.
 *
 * Free descriptors are chained by their next fields. Of the rings the device writes only the used one; its entries are
 * read once, into locals, and checked.
 */
#include "drivers/virtio/virtio.h"

typedef struct {
  uint64_t address;
  uint32_t length;
  uint16_t flags;
  uint16_t next;
} descriptor_t;
_Static_assert(sizeof(descriptor_t) == 16, "2.7.5");
enum { kNext = 1, kDeviceWrites = 2 };

typedef struct {
  uint32_t id;
  uint32_t length;
} used_entry_t;
_Static_assert(sizeof(used_entry_t) == 8, "2.7.8");

/* Both rings begin with flags and an index; behind the entries is the event index of the other side. */
enum { kRingIndex = 2, kRingEntries = 4, kAvailableNoInterrupt = 1, kUsedNoNotify = 1, kPage = 4096 };

static size_t available_offset(const virtio_queue_t* queue) { return queue->size * sizeof(descriptor_t); }
static size_t used_offset(const virtio_queue_t* queue) {
  const size_t end = available_offset(queue) + kRingEntries + 2u * queue->size + 2;
  return (end + kPage - 1) & ~(size_t)(kPage - 1);
}

static descriptor_t* descriptors(virtio_queue_t* queue) { return (descriptor_t*)queue->memory; }
static uint8_t* available(virtio_queue_t* queue) { return queue->memory + available_offset(queue); }
static uint8_t* used(virtio_queue_t* queue) { return queue->memory + used_offset(queue); }

static uint16_t load16(const void* at) { return __atomic_load_n((const uint16_t*)at, __ATOMIC_ACQUIRE); }
static void store16(void* at, uint16_t value) { __atomic_store_n((uint16_t*)at, value, __ATOMIC_RELEASE); }

static bool has_event_index(const virtio_queue_t* queue) { return (queue->virtio->features & VIRTIO_F_EVENT_IDX) != 0; }
/* Written by the driver: at which used index to interrupt. */
static void* used_event(virtio_queue_t* queue) { return available(queue) + kRingEntries + 2u * queue->size; }
/* Written by the device: at which available index to notify it. */
static void* available_event(virtio_queue_t* queue) {
  return used(queue) + kRingEntries + sizeof(used_entry_t) * queue->size;
}

hal_status_t virtio_queue_open(virtio_device_t* virtio, virtio_queue_t* queue, uint16_t index, uint16_t most,
                               uint32_t interrupt) {
  *queue = (virtio_queue_t){.virtio = virtio, .index = index};
  const uint16_t offered = virtio->transport->queue_size(virtio, index);
  if (offered == 0) return HAL_NOT_FOUND;
  uint16_t size = 1;
  while (size * 2u <= offered && size * 2u <= most) size = (uint16_t)(size * 2);
  queue->size = size;
  queue->memory_size = used_offset(queue) + kRingEntries + sizeof(used_entry_t) * size + 2;
  uint64_t address = 0;
  queue->memory = hal_dma_alloc(virtio->device, queue->memory_size, &address);
  queue->tokens = hal_alloc(size * sizeof(void*), 16);
  if (queue->memory == NULL || queue->tokens == NULL) {
    virtio_queue_close(queue);
    return HAL_NO_MEMORY;
  }
  for (uint16_t i = 0; i < size; ++i) descriptors(queue)[i].next = (uint16_t)(i + 1);
  queue->free_count = size;
  const uint64_t rings[3] = {address, address + available_offset(queue), address + used_offset(queue)};
  queue->notify = virtio->transport->queue_enable(virtio, index, size, rings, interrupt);
  if (queue->notify == NULL) {
    virtio_queue_close(queue);
    return HAL_ERROR;
  }
  return HAL_OK;
}

void virtio_queue_close(virtio_queue_t* queue) {
  if (queue->virtio != NULL) hal_dma_free(queue->virtio->device, queue->memory, queue->memory_size);
  hal_free(queue->tokens);
  *queue = (virtio_queue_t){0};
}

hal_status_t virtio_queue_add(virtio_queue_t* queue, const virtio_piece_t* pieces, uint32_t readable, uint32_t writable,
                              void* token) {
  const uint32_t count = readable + writable;
  if (queue->is_broken || count == 0 || token == NULL) return HAL_ERROR;
  if (count > queue->free_count) return HAL_BUSY;
  const uint16_t head = queue->free_head;
  uint16_t at = head;
  for (uint32_t i = 0; i < count; ++i) {
    descriptor_t* descriptor = &descriptors(queue)[at];
    descriptor->address = pieces[i].address;
    descriptor->length = pieces[i].length;
    descriptor->flags = (uint16_t)((i >= readable ? kDeviceWrites : 0) | (i + 1 < count ? kNext : 0));
    at = descriptor->next;
  }
  queue->free_head = at;
  queue->free_count = (uint16_t)(queue->free_count - count);
  queue->tokens[head] = token;
  uint8_t* entry = available(queue) + kRingEntries + 2u * (queue->avail_index & (queue->size - 1u));
  *(uint16_t*)entry = head;
  ++queue->avail_index;
  return HAL_OK;
}

/* Whether an index that moved from `before` to `now` has passed the event (2.7.10). */
static bool passed(uint16_t event, uint16_t now, uint16_t before) {
  return (uint16_t)(now - event - 1) < (uint16_t)(now - before);
}

void virtio_queue_kick(virtio_queue_t* queue) {
  const uint16_t before = queue->shown_index;
  if (before == queue->avail_index) return;
  store16(available(queue) + kRingIndex, queue->avail_index);
  queue->shown_index = queue->avail_index;
  /* The index must be seen before we look whether the device sleeps. */
  hal_mmio_barrier();
  const bool wanted = has_event_index(queue) ? passed(load16(available_event(queue)), queue->avail_index, before)
                                             : (load16(used(queue)) & kUsedNoNotify) == 0;
  if (!wanted) return;
  if (queue->virtio->device->bus == HAL_BUS_PCI) {
    hal_mmio_write16(queue->notify, queue->index);
  } else {
    hal_mmio_write32(queue->notify, queue->index);
  }
}

static void free_chain(virtio_queue_t* queue, uint16_t head) {
  uint16_t at = head;
  uint16_t count = 1;
  while ((descriptors(queue)[at].flags & kNext) != 0) {
    at = descriptors(queue)[at].next;
    ++count;
  }
  descriptors(queue)[at].next = queue->free_head;
  queue->free_head = head;
  queue->free_count = (uint16_t)(queue->free_count + count);
}

static void* break_queue(virtio_queue_t* queue, const char* why) {
  if (!queue->is_broken)
    hal_log(HAL_LOG_ERROR, "virtio", "%s: queue %u: %s", queue->virtio->device->name, queue->index, why);
  queue->is_broken = true;
  return NULL;
}

void* virtio_queue_take(virtio_queue_t* queue, uint32_t* written) {
  if (queue->is_broken) return NULL;
  const uint16_t index = load16(used(queue) + kRingIndex);
  if (index == queue->used_index) return NULL;
  if ((uint16_t)(index - queue->used_index) > queue->size) return break_queue(queue, "the used index jumped");
  const uint8_t* at = used(queue) + kRingEntries + sizeof(used_entry_t) * (queue->used_index & (queue->size - 1u));
  const uint32_t id = __atomic_load_n((const uint32_t*)at, __ATOMIC_RELAXED);
  const uint32_t length = __atomic_load_n((const uint32_t*)(at + 4), __ATOMIC_RELAXED);
  if (id >= queue->size || queue->tokens[id] == NULL) return break_queue(queue, "an answer to nothing");
  void* token = queue->tokens[id];
  queue->tokens[id] = NULL;
  free_chain(queue, (uint16_t)id);
  ++queue->used_index;
  if (written != NULL) *written = length;
  return token;
}

bool virtio_queue_want_interrupt(virtio_queue_t* queue) {
  if (has_event_index(queue)) {
    store16(used_event(queue), queue->used_index);
  } else {
    store16(available(queue), 0);
  }
  hal_mmio_barrier();
  return load16(used(queue) + kRingIndex) == queue->used_index;
}

void virtio_queue_quiet(virtio_queue_t* queue) {
  if (has_event_index(queue)) {
    /* As far away as an index can be. */
    store16(used_event(queue), (uint16_t)(queue->used_index - 1));
  } else {
    store16(available(queue), kAvailableNoInterrupt);
  }
}

void* virtio_queue_reclaim(virtio_queue_t* queue) {
  for (uint16_t head = 0; head < queue->size; ++head) {
    void* token = queue->tokens[head];
    if (token == NULL) continue;
    queue->tokens[head] = NULL;
    free_chain(queue, head);
    return token;
  }
  return NULL;
}
