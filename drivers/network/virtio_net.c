/*
 * Virtio network device (5.1): one pair of queues, no offloads.
 *
 * A receive buffer is one page, larger than any frame, so that no frame needs a second one. The device's header lies in
 * front of the frame, placed so that the IP header is aligned. What is sent goes behind a header of zeroes that all
 * frames share. Transmitted buffers are taken back in poll; the device interrupts for them only when the ring is full.
 *
 * The queues have no reset of their own, so stop resets the device and start sets it up anew.
 */
#include "drivers/virtio/virtio.h"

#define FEATURE_MAC    (1ull << 5)
#define FEATURE_STATUS (1ull << 16)

enum {
  kHeaderSize = 12,
  kShift = 2, /* header and Ethernet header end at a multiple of four */
  kEntries = 256,
  kReceiveQueue = 0,
  kTransmitQueue = 1,
  kConfigMac = 0,
  kConfigStatus = 6,
  kStatusLinkUp = 1,
  kMtu = 1500,
  kLeastBuffer = 2048,
  kMaxSegments = 8,
};

typedef struct {
  virtio_device_t virtio;
  virtio_queue_t receive;
  virtio_queue_t transmit; /* transmit_lock */
  hal_lock_t transmit_lock;
  hal_device_t* device;
  driver_handle_t interface;
  uint32_t irq;
  uint8_t* header;
  uint64_t header_address;
  uint64_t buffer_tags[kEntries]; /* by slot: the kernel's names of receive buffers; poll's and start's alone */
  uint32_t free_slots[kEntries];
  uint32_t free_count;
  bool is_running; /* transmit_lock */
} net_t;

/* A token that is never NULL, for slot numbers. */
static void* token_of(uint32_t slot) { return (void*)(uintptr_t)(slot + 1); }
static uint32_t slot_of(const void* token) { return (uint32_t)((uintptr_t)token - 1); }

static hal_status_t open_device(net_t* net) {
  hal_status_t status = virtio_open(&net->virtio, net->device);
  if (status == HAL_OK) status = virtio_negotiate(&net->virtio, FEATURE_MAC | FEATURE_STATUS | VIRTIO_F_EVENT_IDX);
  return status;
}

/* Lends the device as many buffers as there are places for. */
static void refill(net_t* net) {
  while (net->free_count != 0) {
    network_buffer_t buffer;
    if (network_buffer_take(net->interface, &buffer) != HAL_OK) break;
    const uint32_t slot = net->free_slots[net->free_count - 1];
    const virtio_piece_t piece = {.address = buffer.segment.device_address + kShift,
                                  .length = buffer.segment.length - kShift};
    if (virtio_queue_add(&net->receive, &piece, 0, 1, token_of(slot)) != HAL_OK) {
      network_buffer_return(net->interface, buffer.tag);
      break;
    }
    net->buffer_tags[slot] = buffer.tag;
    --net->free_count;
  }
  virtio_queue_kick(&net->receive);
}

static void reclaim_sent(net_t* net) {
  for (;;) {
    hal_lock_acquire(&net->transmit_lock);
    void* tag = net->is_running ? virtio_queue_take(&net->transmit, NULL) : NULL;
    hal_lock_release(&net->transmit_lock);
    if (tag == NULL) return;
    network_sent(net->interface, 0, (uint64_t)(uintptr_t)tag, HAL_OK);
  }
}

static uint32_t net_poll(void* context, uint32_t queue, uint32_t budget) {
  (void)queue;
  net_t* net = context;
  uint32_t done = 0;
  reclaim_sent(net);
  virtio_queue_quiet(&net->receive);
  while (done < budget) {
    uint32_t written = 0;
    void* token = virtio_queue_take(&net->receive, &written);
    if (token == NULL) {
      if (virtio_queue_want_interrupt(&net->receive)) break;
      continue;
    }
    const uint32_t slot = slot_of(token);
    net->free_slots[net->free_count++] = slot;
    const uint32_t length = written > kHeaderSize ? written - kHeaderSize : 0;
    network_received(net->interface, net->buffer_tags[slot], kShift + kHeaderSize, length, 0);
    ++done;
  }
  refill(net);
  return done;
}

static hal_status_t net_transmit(void* context, uint32_t queue, const network_frame_t* frame) {
  (void)queue;
  net_t* net = context;
  virtio_piece_t pieces[1 + kMaxSegments];
  if (frame->segment_count == 0 || frame->segment_count > kMaxSegments) return HAL_INVALID;
  pieces[0] = (virtio_piece_t){.address = net->header_address, .length = kHeaderSize};
  for (uint32_t i = 0; i < frame->segment_count; ++i) {
    pieces[1 + i] = (virtio_piece_t){.address = frame->segments[i].device_address, .length = frame->segments[i].length};
  }
  hal_lock_acquire(&net->transmit_lock);
  hal_status_t status = HAL_ERROR;
  bool has_answers = false;
  if (net->is_running) {
    status = virtio_queue_add(&net->transmit, pieces, 1 + frame->segment_count, 0, (void*)(uintptr_t)frame->tag);
    if (status == HAL_BUSY) {
      virtio_queue_kick(&net->transmit);
      has_answers = !virtio_queue_want_interrupt(&net->transmit);
    }
  }
  hal_lock_release(&net->transmit_lock);
  if (has_answers) network_poll_wanted(net->interface, 0);
  return status;
}

static void net_kick(void* context, uint32_t queue) {
  (void)queue;
  net_t* net = context;
  hal_lock_acquire(&net->transmit_lock);
  if (net->is_running) virtio_queue_kick(&net->transmit);
  hal_lock_release(&net->transmit_lock);
}

static bool link_is_up(net_t* net) {
  if ((net->virtio.features & FEATURE_STATUS) == 0) return true;
  return (virtio_config16(&net->virtio, kConfigStatus) & kStatusLinkUp) != 0;
}

static void interrupt(uint32_t irq, void* context) {
  (void)irq;
  net_t* net = context;
  const uint32_t reason = virtio_interrupt_reason(&net->virtio);
  if ((reason & VIRTIO_REASON_QUEUE) != 0) network_poll_wanted(net->interface, 0);
  if ((reason & VIRTIO_REASON_CONFIG) != 0) network_link(net->interface, link_is_up(net), 0);
}

static void net_stop(void* context) {
  net_t* net = context;
  hal_lock_acquire(&net->transmit_lock);
  net->is_running = false;
  hal_lock_release(&net->transmit_lock);
  hal_irq_disable(net->irq);
  virtio_close(&net->virtio);
  void* token;
  while (net->receive.tokens != NULL && (token = virtio_queue_reclaim(&net->receive)) != NULL) {
    network_buffer_return(net->interface, net->buffer_tags[slot_of(token)]);
  }
  while (net->transmit.tokens != NULL && (token = virtio_queue_reclaim(&net->transmit)) != NULL) {
    network_sent(net->interface, 0, (uint64_t)(uintptr_t)token, HAL_ERROR);
  }
  virtio_queue_close(&net->receive);
  virtio_queue_close(&net->transmit);
}

static hal_status_t net_start(void* context) {
  net_t* net = context;
  hal_status_t status = open_device(net);
  if (status == HAL_OK) status = virtio_queue_open(&net->virtio, &net->receive, kReceiveQueue, kEntries, 0);
  if (status == HAL_OK) status = virtio_queue_open(&net->virtio, &net->transmit, kTransmitQueue, kEntries, 0);
  if (status != HAL_OK) {
    net_stop(net);
    return status;
  }
  net->free_count = net->receive.size;
  for (uint32_t i = 0; i < net->free_count; ++i) net->free_slots[i] = i;
  virtio_queue_quiet(&net->transmit);
  virtio_start(&net->virtio);
  refill(net);
  virtio_queue_want_interrupt(&net->receive);
  hal_lock_acquire(&net->transmit_lock);
  net->is_running = true;
  hal_lock_release(&net->transmit_lock);
  hal_irq_enable(net->irq);
  return HAL_OK;
}

static const network_ops_t operations = {
    .size = sizeof(network_ops_t),
    .start = net_start,
    .stop = net_stop,
    .transmit = net_transmit,
    .kick = net_kick,
    .poll = net_poll,
};

static void release(net_t* net) {
  virtio_close(&net->virtio);
  if (net->irq != HAL_NO_IRQ) hal_irq_unregister(net->irq, interrupt, net);
  hal_dma_free(net->device, net->header, kHeaderSize);
  hal_free(net);
}

static hal_status_t announce(net_t* net) {
  hal_status_t status = open_device(net);
  if (status != HAL_OK) return status;
  /* A device without an address of its own gets one from nobody here. */
  if ((net->virtio.features & FEATURE_MAC) == 0) return HAL_NOT_SUPPORTED;
  network_info_t info = {.size = sizeof(info),
                         .max_mtu = kMtu,
                         .queues = 1,
                         .receive_buffer_size = kLeastBuffer,
                         .max_segments = kMaxSegments,
                         .link_up = link_is_up(net)};
  for (uint32_t i = 0; i < sizeof(info.address); ++i) info.address[i] = virtio_config8(&net->virtio, kConfigMac + i);
  virtio_close(&net->virtio);
  net->header = hal_dma_alloc(net->device, kHeaderSize, &net->header_address);
  if (net->header == NULL) return HAL_NO_MEMORY;
  uint32_t granted = 0;
  status = hal_irq_allocate(net->device, 1, &granted);
  if (status != HAL_OK) return status;
  const uint32_t irq = hal_irq_of(net->device, 0);
  status = hal_irq_register(irq, interrupt, net);
  if (status != HAL_OK) return status;
  net->irq = irq;
  return network_add(net->device, &info, &operations, net, &net->interface);
}

static hal_status_t net_probe(hal_device_t* device, void** context) {
  net_t* net = hal_alloc(sizeof(net_t), 16);
  if (net == NULL) return HAL_NO_MEMORY;
  net->device = device;
  net->irq = HAL_NO_IRQ;
  const hal_status_t status = announce(net);
  if (status != HAL_OK) {
    release(net);
    return status;
  }
  *context = net;
  return HAL_OK;
}

static void net_remove(void* context) {
  net_t* net = context;
  network_remove(net->interface);
  release(net);
}

static void net_shutdown(void* context) {
  net_t* net = context;
  virtio_close(&net->virtio);
}

static const driver_match_t matches[] = {
    {.bus = HAL_BUS_VIRTIO, .mask = 1, .u.virtio = {.type = VIRTIO_TYPE_NETWORK}},
};

static const driver_ops_v2_t virtio_net_driver = {
    .size = sizeof(driver_ops_v2_t),
    .abi = DRIVER_ABI_V2,
    .name = "virtio-net",
    .category = DRIVER_CAT_NETWORK,
    .match_count = sizeof(matches) / sizeof(matches[0]),
    .matches = matches,
    .probe = net_probe,
    .remove = net_remove,
    .shutdown = net_shutdown,
};
DRIVER_V2(virtio_net_driver);
