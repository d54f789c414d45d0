/*
 * Intel 82540EM and 82545EM gigabit Ethernet ("PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's
 * Manual", 317453), with legacy descriptors and one interrupt.
 *
 * Receiving: the ring always holds pages of the kernel's; poll takes what the device has filled and puts fresh ones in
 * their place. Sending: descriptors refer to the kernel's buffers until the device is done, which is looked at in poll
 * and when the ring is full. The interrupt is off while the kernel polls, and at most 8000 come in a second.
 * A device that answers all ones is gone: it is declined at probe, and left alone later.
 */
#include "kernel/driver_loader.h"

enum { /* registers: 13.4 */
       kControl = 0x0000,
       kStatus = 0x0008,
       kCause = 0x00c0,
       kThrottle = 0x00c4,
       kMaskSet = 0x00d0,
       kMaskClear = 0x00d8,
       kReceiveControl = 0x0100,
       kTransmitControl = 0x0400,
       kTransmitGap = 0x0410,
       kReceiveBase = 0x2800,
       kTransmitBase = 0x3800,
       kGroups = 0x5200,
       kAddressLow = 0x5400,
       kAddressHigh = 0x5404,
};
enum { kBaseLow = 0, kBaseHigh = 4, kLength = 8, kHead = 0x10, kTail = 0x18 }; /* behind the two bases */

#define CONTROL_AUTO_SPEED (1u << 5)
#define CONTROL_LINK_UP    (1u << 6)
#define CONTROL_RESET      (1u << 26)
#define CONTROL_PHY_RESET  (1u << 31)
#define STATUS_LINK_UP     (1u << 1)
#define ADDRESS_VALID      (1u << 31)
#define CAUSE_SENT         (1u << 0)
#define CAUSE_LINK         (1u << 2)
#define CAUSE_RECEIVE_LOW  (1u << 4)
#define CAUSE_OVERRUN      (1u << 6)
#define CAUSE_RECEIVED     (1u << 7)
#define CAUSE_POLL         (CAUSE_RECEIVE_LOW | CAUSE_OVERRUN | CAUSE_RECEIVED)
#define RECEIVE_ENABLE     (1u << 1)
#define RECEIVE_BROADCAST  (1u << 15)
#define RECEIVE_GROUPS     (1u << 4)
#define RECEIVE_STRIP_FCS  (1u << 26)
#define TRANSMIT_SETTINGS  ((1u << 1) | (1u << 3) | (0x10u << 4) | (0x40u << 12)) /* enable, pad, collisions: 14.5 */
#define TRANSMIT_GAP       (10u | 8u << 10 | 6u << 20)                            /* 13.4.34 */
#define THROTTLE           (1000000000u / 8000 / 256)                             /* in units of 256 ns */
#define ALL_ONES           0xffffffffu

typedef struct {
  uint64_t address;
  uint16_t length, checksum;
  uint8_t status, errors;
  uint16_t special;
} receive_descriptor_t;
_Static_assert(sizeof(receive_descriptor_t) == 16, "3.2.3");
enum { kReceiveDone = 1, kReceiveEnd = 2 };

typedef struct {
  uint64_t address;
  uint16_t length;
  uint8_t checksum_offset, command, status, checksum_start;
  uint16_t special;
} transmit_descriptor_t;
_Static_assert(sizeof(transmit_descriptor_t) == 16, "3.3.3");
enum { kCommandEnd = 1, kCommandFcs = 2, kCommandReport = 8, kTransmitDone = 1 };

enum {
  kEntries = 256,
  kShift = 2, /* the Ethernet header ends at a multiple of four */
  kBuffer = 2048,
  kMtu = 1500,
  kResetMs = 20,
};

typedef struct {
  hal_device_t* device;
  volatile uint8_t* registers;
  driver_handle_t interface;
  uint32_t irq;
  receive_descriptor_t* receive_ring; /* poll's and start's alone */
  uint64_t receive_address;
  uint64_t receive_tags[kEntries]; /* 0: the place is empty */
  uint32_t receive_next;           /* what the device fills next */
  uint32_t receive_fill;           /* where the next empty page goes */
  hal_lock_t transmit_lock;        /* what follows */
  transmit_descriptor_t* transmit_ring;
  uint64_t transmit_address;
  uint64_t transmit_tags[kEntries];
  uint32_t transmit_next, transmit_clean;
  bool needs_kick;
  bool is_running;
} e1000_t;

static uint32_t read(e1000_t* nic, uint32_t offset) { return hal_mmio_read32(nic->registers + offset); }
static void write(e1000_t* nic, uint32_t offset, uint32_t value) { hal_mmio_write32(nic->registers + offset, value); }
static uint32_t after(uint32_t index) { return (index + 1) % kEntries; }

static hal_status_t reset(e1000_t* nic) {
  write(nic, kMaskClear, ALL_ONES);
  write(nic, kReceiveControl, 0);
  write(nic, kTransmitControl, 0);
  write(nic, kControl, read(nic, kControl) | CONTROL_RESET);
  const uint64_t deadline = hal_timer_ms() + kResetMs;
  do {
    hal_sleep_ms(1);
    const uint32_t control = read(nic, kControl);
    if (control == ALL_ONES) return HAL_ERROR;
    if ((control & CONTROL_RESET) == 0) {
      write(nic, kMaskClear, ALL_ONES);
      (void)read(nic, kCause);
      return HAL_OK;
    }
  } while (hal_timer_ms() < deadline);
  return HAL_TIMEOUT;
}

static bool link_is_up(e1000_t* nic) {
  const uint32_t status = read(nic, kStatus);
  return status != ALL_ONES && (status & STATUS_LINK_UP) != 0;
}

static void refill(e1000_t* nic) {
  const uint32_t before = nic->receive_fill;
  /* One place stays empty, so that a full ring does not look like an empty one. */
  while (after(nic->receive_fill) != nic->receive_next) {
    network_buffer_t buffer;
    if (network_buffer_take(nic->interface, &buffer) != HAL_OK) break;
    const uint32_t at = nic->receive_fill;
    nic->receive_ring[at] = (receive_descriptor_t){.address = buffer.segment.device_address + kShift};
    nic->receive_tags[at] = buffer.tag;
    nic->receive_fill = after(at);
  }
  if (nic->receive_fill == before) return;
  hal_mmio_barrier();
  write(nic, kReceiveBase + kTail, nic->receive_fill);
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
    }
    hal_lock_release(&nic->transmit_lock);
    if (tag == 0) return;
    network_sent(nic->interface, 0, tag, HAL_OK);
  }
}

static uint32_t e1000_poll(void* context, uint32_t queue, uint32_t budget) {
  (void)queue;
  e1000_t* nic = context;
  uint32_t done = 0;
  reclaim_sent(nic);
  while (done < budget && nic->receive_next != nic->receive_fill) {
    const uint32_t at = nic->receive_next;
    receive_descriptor_t* descriptor = &nic->receive_ring[at];
    if ((__atomic_load_n(&descriptor->status, __ATOMIC_ACQUIRE) & kReceiveDone) == 0) break;
    const uint64_t tag = nic->receive_tags[at];
    const uint32_t length = descriptor->length;
    const bool is_whole = (descriptor->status & kReceiveEnd) != 0 && descriptor->errors == 0 && length <= kBuffer;
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
  /* A cause that came meanwhile interrupts as soon as it is let through. */
  if (done < budget) write(nic, kMaskSet, CAUSE_POLL | CAUSE_LINK);
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
    write(nic, kTransmitBase + kTail, at);
    write(nic, kMaskSet, CAUSE_SENT);
  }
  if (status == HAL_OK) {
    nic->transmit_ring[at] = (transmit_descriptor_t){.address = frame->segments[0].device_address,
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
    write(nic, kTransmitBase + kTail, nic->transmit_next);
  }
  hal_lock_release(&nic->transmit_lock);
}

static void interrupt(uint32_t irq, void* context) {
  (void)irq;
  e1000_t* nic = context;
  const uint32_t cause = read(nic, kCause); /* reading acknowledges */
  if (cause == 0 || cause == ALL_ONES) return;
  if ((cause & CAUSE_LINK) != 0) network_link(nic->interface, link_is_up(nic), 1000);
  if ((cause & (CAUSE_POLL | CAUSE_SENT)) == 0) return;
  write(nic, kMaskClear, CAUSE_POLL | CAUSE_SENT);
  network_poll_wanted(nic->interface, 0);
}

static void set_ring(e1000_t* nic, uint32_t base, uint64_t address) {
  write(nic, base + kBaseLow, (uint32_t)address);
  write(nic, base + kBaseHigh, (uint32_t)(address >> 32));
  write(nic, base + kLength, kEntries * 16);
  write(nic, base + kHead, 0);
  write(nic, base + kTail, 0);
}

static void e1000_stop(void* context) {
  e1000_t* nic = context;
  hal_lock_acquire(&nic->transmit_lock);
  nic->is_running = false;
  hal_lock_release(&nic->transmit_lock);
  hal_irq_disable(nic->irq);
  (void)reset(nic);
  for (uint32_t i = 0; i < kEntries; ++i) {
    if (nic->receive_tags[i] != 0) network_buffer_return(nic->interface, nic->receive_tags[i]);
    nic->receive_tags[i] = 0;
  }
  for (; nic->transmit_clean != nic->transmit_next; nic->transmit_clean = after(nic->transmit_clean)) {
    network_sent(nic->interface, 0, nic->transmit_tags[nic->transmit_clean], HAL_ERROR);
  }
}

static hal_status_t e1000_start(void* context) {
  e1000_t* nic = context;
  const hal_status_t status = reset(nic);
  if (status != HAL_OK) return status;
  write(nic, kControl,
        (read(nic, kControl) & ~(CONTROL_PHY_RESET | CONTROL_RESET)) | CONTROL_LINK_UP | CONTROL_AUTO_SPEED);
  for (uint32_t i = 0; i < 128; ++i) write(nic, kGroups + 4 * i, 0);
  set_ring(nic, kReceiveBase, nic->receive_address);
  set_ring(nic, kTransmitBase, nic->transmit_address);
  nic->receive_next = nic->receive_fill = nic->transmit_next = nic->transmit_clean = 0;
  write(nic, kTransmitGap, TRANSMIT_GAP);
  write(nic, kTransmitControl, TRANSMIT_SETTINGS);
  write(nic, kThrottle, THROTTLE);
  /* All groups: IPv6 and IGMP need theirs, and there is no filter list here. */
  write(nic, kReceiveControl, RECEIVE_ENABLE | RECEIVE_BROADCAST | RECEIVE_GROUPS | RECEIVE_STRIP_FCS);
  refill(nic);
  hal_lock_acquire(&nic->transmit_lock);
  nic->is_running = true;
  hal_lock_release(&nic->transmit_lock);
  hal_irq_enable(nic->irq);
  write(nic, kMaskSet, CAUSE_POLL | CAUSE_LINK);
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
  hal_dma_free(nic->device, nic->receive_ring, kEntries * sizeof(receive_descriptor_t));
  hal_dma_free(nic->device, nic->transmit_ring, kEntries * sizeof(transmit_descriptor_t));
  hal_free(nic);
}

static hal_status_t announce(e1000_t* nic) {
  hal_status_t status = hal_bus_pci_enable(nic->device);
  if (status != HAL_OK) return status;
  nic->registers = hal_bus_map_bar(nic->device, 0);
  if (nic->registers == NULL || read(nic, kStatus) == ALL_ONES) return HAL_NOT_SUPPORTED;
  status = reset(nic);
  if (status != HAL_OK) return status;
  /* The device has read its address from its EEPROM. */
  const uint32_t low = read(nic, kAddressLow), high = read(nic, kAddressHigh);
  if (high == ALL_ONES || (high & ADDRESS_VALID) == 0) return HAL_NOT_SUPPORTED;
  network_info_t info = {.size = sizeof(info),
                         .max_mtu = kMtu,
                         .queues = 1,
                         .receive_buffer_size = kBuffer,
                         .max_segments = 1,
                         .link_up = true};
  for (uint32_t i = 0; i < 4; ++i) info.address[i] = (uint8_t)(low >> (8 * i));
  for (uint32_t i = 0; i < 2; ++i) info.address[4 + i] = (uint8_t)(high >> (8 * i));
  nic->receive_ring = hal_dma_alloc(nic->device, kEntries * sizeof(receive_descriptor_t), &nic->receive_address);
  nic->transmit_ring = hal_dma_alloc(nic->device, kEntries * sizeof(transmit_descriptor_t), &nic->transmit_address);
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

static hal_status_t e1000_probe(hal_device_t* device, void** context) {
  e1000_t* nic = hal_alloc(sizeof(e1000_t), 16);
  if (nic == NULL) return HAL_NO_MEMORY;
  nic->device = device;
  nic->irq = HAL_NO_IRQ;
  const hal_status_t status = announce(nic);
  if (status != HAL_OK) {
    release(nic);
    return status;
  }
  *context = nic;
  return HAL_OK;
}

static void e1000_remove(void* context) {
  e1000_t* nic = context;
  network_remove(nic->interface);
  release(nic);
}

static void e1000_shutdown(void* context) { (void)reset(context); }

#define INTEL(id)                                                                     \
  {                                                                                   \
    .bus = HAL_BUS_PCI, .mask = DRIVER_MATCH_VENDOR | DRIVER_MATCH_DEVICE, .u.pci = { \
      .vendor = 0x8086,                                                               \
      .device = (id)                                                                  \
    }                                                                                 \
  }
static const driver_match_t matches[] = {INTEL(0x100e), INTEL(0x100f)};

static const driver_ops_v2_t e1000_driver = {
    .size = sizeof(driver_ops_v2_t),
    .abi = DRIVER_ABI_V2,
    .name = "e1000",
    .category = DRIVER_CAT_NETWORK,
    .match_count = sizeof(matches) / sizeof(matches[0]),
    .matches = matches,
    .probe = e1000_probe,
    .remove = e1000_remove,
    .shutdown = e1000_shutdown,
};
DRIVER_V2(e1000_driver);
