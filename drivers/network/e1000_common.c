#include "drivers/network/e1000_common.h"

enum { kBaseLow = 0, kBaseHigh = 4, kLength = 8, kHead = 0x10, kTail = 0x18 }; /* behind the two bases */

#define CONTROL_AUTO_SPEED (1u << 5)
#define CONTROL_LINK_UP    (1u << 6)
#define CONTROL_RESET      (1u << 26)
#define CONTROL_PHY_RESET  (1u << 31)
#define STATUS_LINK_UP     (1u << 1)
#define STATUS_SPEED_SHIFT 6
#define ADDRESS_VALID      (1u << 31)
#define RECEIVE_ENABLE     (1u << 1)
#define RECEIVE_BROADCAST  (1u << 15)
#define RECEIVE_GROUPS     (1u << 4)
#define RECEIVE_STRIP_FCS  (1u << 26)
#define TRANSMIT_SETTINGS  ((1u << 1) | (1u << 3) | (0x10u << 4) | (0x40u << 12)) /* enable, pad, collisions: 14.5 */
#define TRANSMIT_GAP       (10u | 8u << 10 | 6u << 20)                            /* 13.4.34 */
#define ALL_ONES           0xffffffffu

enum { kReceiveDone = 1, kReceiveEnd = 2 };

enum { kCommandEnd = 1, kCommandFcs = 2, kCommandReport = 8, kTransmitDone = 1 };

enum {
  kShift = 2, /* the Ethernet header ends at a multiple of four */
  kBuffer = 2048,
  kMtu = 1500,
  kResetMs = 20,
  kLeastRegisters = 0x6000, /* all that is used lies below */
};

uint32_t e1000_read(e1000_t* nic, uint32_t offset) { return hal_mmio_read32(nic->registers + offset); }
void e1000_write(e1000_t* nic, uint32_t offset, uint32_t value) { hal_mmio_write32(nic->registers + offset, value); }
static uint32_t after(uint32_t index) { return (index + 1) % E1000_RING; }

static hal_status_t reset(e1000_t* nic) {
  e1000_write(nic, E1000_MASK_CLEAR, ALL_ONES);
  e1000_write(nic, E1000_RECEIVE_CONTROL, 0);
  e1000_write(nic, E1000_TRANSMIT_CONTROL, 0);
  e1000_write(nic, E1000_CONTROL, e1000_read(nic, E1000_CONTROL) | CONTROL_RESET);
  const uint64_t deadline = hal_timer_ms() + kResetMs;
  do {
    hal_sleep_ms(1);
    const uint32_t control = e1000_read(nic, E1000_CONTROL);
    if (control == ALL_ONES) return HAL_ERROR;
    if ((control & CONTROL_RESET) == 0) {
      e1000_write(nic, E1000_MASK_CLEAR, ALL_ONES);
      (void)e1000_read(nic, E1000_CAUSE);
      return nic->chip->settle == NULL ? HAL_OK : nic->chip->settle(nic);
    }
  } while (hal_timer_ms() < deadline);
  return HAL_TIMEOUT;
}

static void report_link(e1000_t* nic) {
  static const uint16_t speeds[] = {10, 100, 1000, 1000};
  const uint32_t status = e1000_read(nic, E1000_STATUS);
  if (status != ALL_ONES) {
    network_link(nic->interface, (status & STATUS_LINK_UP) != 0, speeds[status >> STATUS_SPEED_SHIFT & 3]);
  }
}

static void refill(e1000_t* nic) {
  const uint32_t before = nic->receive_fill;
  /* One place stays empty, so that a full ring does not look like an empty one. */
  while (after(nic->receive_fill) != nic->receive_next) {
    network_buffer_t buffer;
    if (network_buffer_take(nic->interface, &buffer) != HAL_OK) break;
    const uint32_t at = nic->receive_fill;
    nic->receive_ring[at] = (e1000_receive_t){.address = buffer.segment.device_address + kShift};
    nic->receive_tags[at] = buffer.tag;
    nic->receive_fill = after(at);
  }
  if (nic->receive_fill == before) return;
  hal_mmio_barrier();
  e1000_write(nic, E1000_RECEIVE_BASE + kTail, nic->receive_fill);
}

static void reclaim_sent(e1000_t* nic) {
  for (;;) {
    uint64_t tag = 0;
    hal_lock_acquire(&nic->transmit_lock);
    const uint32_t at = nic->transmit_clean;
    if (nic->is_running && at != nic->transmit_next &&
        (__atomic_load_n(&nic->transmit_ring[at].status, __ATOMIC_ACQUIRE) & kTransmitDone) != 0) {
      tag = nic->transmit_tags[at];
      nic->transmit_clean = after(at);
      nic->is_room_wanted = false;
    }
    hal_lock_release(&nic->transmit_lock);
    if (tag == 0) return;
    network_sent(nic->interface, 0, tag, HAL_OK);
  }
}

/*
 * Lets causes through again: one that came meanwhile interrupts at once. Who waits for room must hear of it, and the
 * interrupt that led to this poll has masked that cause too.
 */
static void unmask(e1000_t* nic) {
  hal_lock_acquire(&nic->transmit_lock);
  const uint32_t sent_causes = nic->is_room_wanted ? nic->sent_causes : 0;
  e1000_write(nic, E1000_MASK_SET, nic->receive_causes | nic->link_causes | sent_causes);
  hal_lock_release(&nic->transmit_lock);
}

static uint32_t e1000_poll(void* context, uint32_t queue, uint32_t budget) {
  (void)queue;
  e1000_t* nic = context;
  uint32_t done = 0;
  reclaim_sent(nic);
  while (done < budget && nic->receive_next != nic->receive_fill) {
    const uint32_t at = nic->receive_next;
    e1000_receive_t* descriptor = &nic->receive_ring[at];
    if ((__atomic_load_n(&descriptor->status, __ATOMIC_ACQUIRE) & kReceiveDone) == 0) break;
    const uint64_t tag = nic->receive_tags[at];
    const uint32_t length = descriptor->length;
    const bool is_end = (descriptor->status & kReceiveEnd) != 0;
    const bool is_whole = is_end && !nic->is_dropping && descriptor->errors == 0 && length <= kBuffer;
    nic->is_dropping = !is_end;
    nic->receive_tags[at] = 0;
    nic->receive_next = after(at);
    if (is_whole) {
      network_received(nic->interface, tag, kShift, length, 0);
    } else {
      network_buffer_return(nic->interface, tag);
    }
    ++done;
  }
  refill(nic);
  if (done < budget) unmask(nic);
  return done;
}

static hal_status_t e1000_transmit(void* context, uint32_t queue, const network_frame_t* frame) {
  (void)queue;
  e1000_t* nic = context;
  if (frame->segment_count != 1 || frame->length > kBuffer) return HAL_INVALID;
  hal_lock_acquire(&nic->transmit_lock);
  hal_status_t status = nic->is_running ? HAL_OK : HAL_ERROR;
  const uint32_t at = nic->transmit_next;
  if (status == HAL_OK && after(at) == nic->transmit_clean) {
    status = HAL_BUSY;
    nic->is_room_wanted = true;
    e1000_write(nic, E1000_TRANSMIT_BASE + kTail, at);
    e1000_write(nic, E1000_MASK_SET, nic->sent_causes);
  }
  if (status == HAL_OK) {
    nic->transmit_ring[at] = (e1000_transmit_t){.address = frame->segments[0].device_address,
                                                .length = (uint16_t)frame->length,
                                                .command = kCommandEnd | kCommandFcs | kCommandReport};
    nic->transmit_tags[at] = frame->tag;
    nic->transmit_next = after(at);
    nic->needs_kick = true;
  }
  hal_lock_release(&nic->transmit_lock);
  return status;
}

static void e1000_kick(void* context, uint32_t queue) {
  (void)queue;
  e1000_t* nic = context;
  hal_lock_acquire(&nic->transmit_lock);
  if (nic->is_running && nic->needs_kick) {
    nic->needs_kick = false;
    hal_mmio_barrier();
    e1000_write(nic, E1000_TRANSMIT_BASE + kTail, nic->transmit_next);
  }
  hal_lock_release(&nic->transmit_lock);
}

static void interrupt(uint32_t irq, void* context) {
  (void)irq;
  e1000_t* nic = context;
  const uint32_t cause = e1000_read(nic, E1000_CAUSE);
  if (cause == 0 || cause == ALL_ONES) return;
  if (nic->is_cleared_by_writing) e1000_write(nic, E1000_CAUSE, cause);
  if ((cause & E1000_CAUSE_LINK) != 0) report_link(nic);
  if ((cause & (nic->receive_causes | nic->sent_causes)) == 0) return;
  e1000_write(nic, E1000_MASK_CLEAR, nic->receive_causes | nic->sent_causes);
  network_poll_wanted(nic->interface, 0);
}

static void set_ring(e1000_t* nic, uint32_t base, uint64_t address) {
  e1000_write(nic, base + kBaseLow, (uint32_t)address);
  e1000_write(nic, base + kBaseHigh, (uint32_t)(address >> 32));
  e1000_write(nic, base + kLength, E1000_RING * 16);
  e1000_write(nic, base + kHead, 0);
  e1000_write(nic, base + kTail, 0);
}

static void e1000_stop(void* context) {
  e1000_t* nic = context;
  hal_lock_acquire(&nic->transmit_lock);
  nic->is_running = false;
  hal_lock_release(&nic->transmit_lock);
  hal_irq_disable(nic->irq);
  /* A device that does not stop must not go on in memory that is the kernel's again. */
  if (reset(nic) != HAL_OK) hal_bus_pci_disable(nic->device);
  for (uint32_t i = 0; i < E1000_RING; ++i) {
    if (nic->receive_tags[i] != 0) network_buffer_return(nic->interface, nic->receive_tags[i]);
    nic->receive_tags[i] = 0;
  }
  for (; nic->transmit_clean != nic->transmit_next; nic->transmit_clean = after(nic->transmit_clean)) {
    network_sent(nic->interface, 0, nic->transmit_tags[nic->transmit_clean], HAL_ERROR);
  }
}

static hal_status_t e1000_start(void* context) {
  e1000_t* nic = context;
  hal_status_t status = reset(nic);
  if (status == HAL_OK) status = hal_bus_pci_enable(nic->device);
  if (status != HAL_OK) return status;
  e1000_write(
      nic, E1000_CONTROL,
      (e1000_read(nic, E1000_CONTROL) & ~(CONTROL_PHY_RESET | CONTROL_RESET)) | CONTROL_LINK_UP | CONTROL_AUTO_SPEED);
  for (uint32_t i = 0; i < 128; ++i) e1000_write(nic, E1000_GROUPS + 4 * i, 0);
  set_ring(nic, E1000_RECEIVE_BASE, nic->receive_address);
  set_ring(nic, E1000_TRANSMIT_BASE, nic->transmit_address);
  nic->receive_next = nic->receive_fill = nic->transmit_next = nic->transmit_clean = 0;
  nic->is_dropping = nic->is_room_wanted = nic->needs_kick = false;
  e1000_write(nic, E1000_TRANSMIT_GAP, TRANSMIT_GAP);
  e1000_write(nic, E1000_TRANSMIT_CONTROL, TRANSMIT_SETTINGS);
  e1000_write(nic, E1000_THROTTLE, E1000_THROTTLE_8000);
  if (nic->chip->prepare != NULL) nic->chip->prepare(nic);
  /* All groups: IPv6 and IGMP need theirs, and there is no filter list here. */
  e1000_write(nic, E1000_RECEIVE_CONTROL, RECEIVE_ENABLE | RECEIVE_BROADCAST | RECEIVE_GROUPS | RECEIVE_STRIP_FCS);
  refill(nic);
  hal_lock_acquire(&nic->transmit_lock);
  nic->is_running = true;
  hal_lock_release(&nic->transmit_lock);
  hal_irq_enable(nic->irq);
  e1000_write(nic, E1000_MASK_SET, nic->receive_causes | nic->link_causes);
  /* A link that is up already says nothing by itself. */
  e1000_write(nic, E1000_CAUSE_SET, nic->link_causes);
  return HAL_OK;
}

static const network_ops_t operations = {
    .size = sizeof(network_ops_t),
    .start = e1000_start,
    .stop = e1000_stop,
    .transmit = e1000_transmit,
    .kick = e1000_kick,
    .poll = e1000_poll,
};

static void release(e1000_t* nic) {
  if (nic->irq != HAL_NO_IRQ) hal_irq_unregister(nic->irq, interrupt, nic);
  hal_bus_pci_disable(nic->device);
  hal_dma_free(nic->device, nic->receive_ring, E1000_RING * sizeof(e1000_receive_t));
  hal_dma_free(nic->device, nic->transmit_ring, E1000_RING * sizeof(e1000_transmit_t));
  hal_free(nic);
}

/* What an empty EEPROM gives is the address of nobody, or of a group. */
static bool is_station(const uint8_t address[6]) {
  uint8_t any = 0;
  for (uint32_t i = 0; i < 6; ++i) any |= address[i];
  return any != 0 && (address[0] & 1) == 0;
}

static hal_status_t announce(e1000_t* nic) {
  hal_status_t status = hal_bus_pci_enable(nic->device);
  if (status != HAL_OK) return status;
  nic->registers = hal_bus_map_bar(nic->device, 0);
  if (nic->registers == NULL || nic->device->bar[0].size < kLeastRegisters || e1000_read(nic, E1000_STATUS) == ALL_ONES)
    return HAL_NOT_SUPPORTED;
  status = reset(nic);
  if (status != HAL_OK) return status;
  /* The device has read its address from its EEPROM. */
  const uint32_t low = e1000_read(nic, E1000_ADDRESS_LOW), high = e1000_read(nic, E1000_ADDRESS_HIGH);
  if (high == ALL_ONES || (high & ADDRESS_VALID) == 0) return HAL_NOT_SUPPORTED;
  network_info_t info = {.size = sizeof(info),
                         .max_mtu = kMtu,
                         .queues = 1,
                         .receive_buffer_size = kShift + kBuffer,
                         .max_segments = 1,
                         .link_up = true};
  for (uint32_t i = 0; i < 4; ++i) info.address[i] = (uint8_t)(low >> (8 * i));
  for (uint32_t i = 0; i < 2; ++i) info.address[4 + i] = (uint8_t)(high >> (8 * i));
  if (!is_station(info.address)) return HAL_ERROR;
  nic->receive_ring = hal_dma_alloc(nic->device, E1000_RING * sizeof(e1000_receive_t), &nic->receive_address);
  nic->transmit_ring = hal_dma_alloc(nic->device, E1000_RING * sizeof(e1000_transmit_t), &nic->transmit_address);
  if (nic->receive_ring == NULL || nic->transmit_ring == NULL) return HAL_NO_MEMORY;
  uint32_t granted = 0;
  status = hal_irq_allocate(nic->device, 1, &granted);
  if (status != HAL_OK) return status;
  const uint32_t irq = hal_irq_of(nic->device, 0);
  status = hal_irq_register(irq, interrupt, nic);
  if (status != HAL_OK) return status;
  nic->irq = irq;
  return network_add(nic->device, &info, &operations, nic, &nic->interface);
}

hal_status_t e1000_probe(const e1000_chip_t* chip, hal_device_t* device, void** context) {
  e1000_t* nic = hal_alloc(sizeof(e1000_t), 16);
  if (nic == NULL) return HAL_NO_MEMORY;
  nic->chip = chip;
  nic->device = device;
  nic->receive_causes = E1000_CAUSE_RECEIVE_LOW | E1000_CAUSE_OVERRUN | E1000_CAUSE_RECEIVED;
  nic->sent_causes = E1000_CAUSE_SENT;
  nic->link_causes = E1000_CAUSE_LINK;
  nic->irq = HAL_NO_IRQ;
  const hal_status_t status = announce(nic);
  if (status != HAL_OK) {
    release(nic);
    return status;
  }
  *context = nic;
  return HAL_OK;
}

void e1000_remove(void* context) {
  e1000_t* nic = context;
  network_remove(nic->interface);
  release(nic);
}

void e1000_shutdown(void* context) { (void)reset(context); }
