/*
 * What Intel's gigabit Ethernet controllers with the 8254x's registers have in common ("PCI/PCI-X Family of Gigabit
 * Ethernet Controllers Software Developer's Manual", 317453; "82574 GbE Controller Family Datasheet", 317694): legacy
 * descriptors, one queue each way, one interrupt. Chapters in the comments are the older manual's.
 *
 * Receiving: the ring always holds pages of the kernel's; poll takes what the device has filled and puts fresh ones in
 * their place. Sending: descriptors refer to the kernel's buffers until the device is done, which is looked at in poll
 * and when the ring is full. The interrupt is off while the kernel polls, and at most 8000 come in a second.
 * A device that answers all ones is gone: it is declined at probe, and left alone later.
 */
#pragma once

#include "kernel/driver_loader.h"

enum { /* registers: 13.4 */
       E1000_CONTROL = 0x0000,
       E1000_STATUS = 0x0008,
       E1000_EEPROM_CONTROL = 0x0010,
       E1000_EXTENDED_CONTROL = 0x0018,
       E1000_CAUSE = 0x00c0,
       E1000_THROTTLE = 0x00c4,
       E1000_CAUSE_SET = 0x00c8,
       E1000_MASK_SET = 0x00d0,
       E1000_MASK_CLEAR = 0x00d8,
       E1000_RECEIVE_CONTROL = 0x0100,
       E1000_TRANSMIT_CONTROL = 0x0400,
       E1000_TRANSMIT_GAP = 0x0410,
       E1000_RECEIVE_BASE = 0x2800,
       E1000_TRANSMIT_BASE = 0x3800,
       E1000_GROUPS = 0x5200,
       E1000_ADDRESS_LOW = 0x5400,
       E1000_ADDRESS_HIGH = 0x5404,
};
enum { /* causes of an interrupt: 13.4.17 */
       E1000_CAUSE_SENT = 1 << 0,
       E1000_CAUSE_LINK = 1 << 2,
       E1000_CAUSE_RECEIVE_LOW = 1 << 4,
       E1000_CAUSE_OVERRUN = 1 << 6,
       E1000_CAUSE_RECEIVED = 1 << 7,
};
enum {
  E1000_RING = 256,
  E1000_THROTTLE_8000 = 1000000000 / 8000 / 256, /* so many interrupts a second, in units of 256 ns */
};

struct e1000;

/* What one chip does in its own way. */
typedef struct {
  /* After each reset, before the device is used. */
  hal_status_t (*settle)(struct e1000* nic);
  /* Registers of its own, before the rings run. */
  void (*prepare)(struct e1000* nic);
} e1000_chip_t;

typedef struct {
  uint64_t address;
  uint16_t length, checksum;
  uint8_t status, errors;
  uint16_t special;
} e1000_receive_t;
_Static_assert(sizeof(e1000_receive_t) == 16, "3.2.3");

typedef struct {
  uint64_t address;
  uint16_t length;
  uint8_t checksum_offset, command, status, checksum_start;
  uint16_t special;
} e1000_transmit_t;
_Static_assert(sizeof(e1000_transmit_t) == 16, "3.3.3");

typedef struct e1000 {
  const e1000_chip_t* chip;
  hal_device_t* device;
  volatile uint8_t* registers;
  driver_handle_t interface;
  uint32_t irq;
  uint32_t receive_causes, sent_causes, link_causes; /* constant once the device runs */
  bool is_cleared_by_writing;                        /* the cause register; else reading it does */
  e1000_receive_t* receive_ring;                     /* poll's and start's alone */
  uint64_t receive_address;
  uint64_t receive_tags[E1000_RING]; /* 0: the place is empty */
  uint32_t receive_next;             /* what the device fills next */
  uint32_t receive_fill;             /* where the next empty page goes */
  bool is_dropping;                  /* a frame that began in places before: what follows of it is none */
  hal_lock_t transmit_lock;          /* what follows */
  e1000_transmit_t* transmit_ring;
  uint64_t transmit_address;
  uint64_t transmit_tags[E1000_RING];
  uint32_t transmit_next, transmit_clean;
  bool needs_kick;
  bool is_room_wanted; /* a frame was refused, and nothing has come free since */
  bool is_running;
} e1000_t;

uint32_t e1000_read(e1000_t* nic, uint32_t offset);
void e1000_write(e1000_t* nic, uint32_t offset, uint32_t value);

/* The driver's operations, the same for all chips but for what `chip` says; it is constant and outlives the device. */
hal_status_t e1000_probe(const e1000_chip_t* chip, hal_device_t* device, void** context);
void e1000_remove(void* context);
void e1000_shutdown(void* context);

/* A match record for one of Intel's devices. */
#define E1000_MATCH(id)                                                               \
  {                                                                                   \
    .bus = HAL_BUS_PCI, .mask = DRIVER_MATCH_VENDOR | DRIVER_MATCH_DEVICE, .u.pci = { \
      .vendor = 0x8086,                                                               \
      .device = (id)                                                                  \
    }                                                                                 \
  }
