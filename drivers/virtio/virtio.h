/*
 * Virtio devices over PCI and over memory (Virtual I/O Device Version 1.2), for the drivers beside it. Only devices of
 * version 1 or later: the legacy interface is refused.
 *
 * The order of use: virtio_open(), virtio_negotiate(), virtio_queue_open() for each queue, virtio_start(); at the end
 * virtio_close(). A virtio_device_t belongs to the driver, which keeps it in its context; nothing here has a lock: the
 * calls that set up and close come from probe and remove, those on one queue from one CPU at a time.
 *
 * The device is hostile: what it writes into rings and registers is checked before it is used.
 */
#pragma once

#include "kernel/driver_loader.h"

HAL_EXTERN_C_BEGIN

enum { /* 5: device types */
       VIRTIO_TYPE_NETWORK = 1,
       VIRTIO_TYPE_BLOCK = 2,
       VIRTIO_TYPE_CONSOLE = 3,
       VIRTIO_TYPE_ENTROPY = 4,
       VIRTIO_TYPE_GPU = 16,
       VIRTIO_TYPE_INPUT = 18,
};

/* 6: features that are the transport's and the rings'. */
#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX     (1ull << 29)
#define VIRTIO_F_VERSION_1     (1ull << 32)

typedef struct virtio_device virtio_device_t;

/* The registers of one kind of transport. */
typedef struct {
  uint8_t (*read_status)(virtio_device_t* virtio);
  void (*write_status)(virtio_device_t* virtio, uint8_t status);
  uint64_t (*read_features)(virtio_device_t* virtio);
  void (*write_features)(virtio_device_t* virtio, uint64_t features);
  /* The most entries that the device offers for a queue; 0: there is no such queue, or it is in use. */
  uint16_t (*queue_size)(virtio_device_t* virtio, uint16_t queue);
  /* Tells the device where the rings are and which interrupt to raise. Returns where to write to notify it. */
  volatile void* (*queue_enable)(virtio_device_t* virtio, uint16_t queue, uint16_t size, const uint64_t rings[3],
                                 uint32_t interrupt);
  /* Why the device interrupted: bit 0 a queue, bit 1 its configuration. Acknowledges it. */
  uint32_t (*interrupt_reason)(virtio_device_t* virtio);
  uint32_t (*generation)(virtio_device_t* virtio);
} virtio_transport_t;

struct virtio_device {
  hal_device_t* device;
  const virtio_transport_t* transport;
  volatile uint8_t* common; /* PCI: the common structure; memory: all registers */
  volatile uint8_t* notify; /* PCI */
  volatile uint8_t* isr;    /* PCI */
  volatile uint8_t* config; /* the device type's own */
  uint32_t config_size;     /* bytes */
  uint32_t notify_size;     /* bytes */
  uint32_t notify_multiplier;
  uint64_t features; /* agreed on */
};

typedef struct {
  virtio_device_t* virtio;
  uint8_t* memory; /* the three rings, in one piece */
  size_t memory_size;
  void** tokens; /* by head descriptor; NULL: not in flight */
  volatile void* notify;
  uint16_t index; /* the queue's number */
  uint16_t size;  /* entries, a power of two */
  uint16_t free_head, free_count;
  uint16_t avail_index; /* what the device will be shown with the next kick */
  uint16_t shown_index; /* what it was shown */
  uint16_t used_index;  /* up to where its answers were taken */
  bool is_broken;       /* the device wrote nonsense: the queue takes nothing any more */
} virtio_queue_t;

/* A piece of a buffer, by the device's address. */
typedef struct {
  uint64_t address;
  uint32_t length;
} virtio_piece_t;

/*
 * Finds the registers, resets the device and says that there is a driver. HAL_NOT_SUPPORTED: no transport that we know,
 * or a legacy device. HAL_TIMEOUT: the reset did not end. May sleep.
 */
hal_status_t virtio_open(virtio_device_t* virtio, hal_device_t* device);
/* Agrees on what both offer of `wanted` (VIRTIO_F_VERSION_1 is always asked for); virtio->features has the result. */
hal_status_t virtio_negotiate(virtio_device_t* virtio, uint64_t wanted);
/*
 * Sets up queue `index` with at most `most` entries; `interrupt` is the index of its interrupt among the device's
 * (hal_irq_allocate()). HAL_NOT_FOUND: the device has no such queue. May sleep.
 */
hal_status_t virtio_queue_open(virtio_device_t* virtio, virtio_queue_t* queue, uint16_t index, uint16_t most,
                               uint32_t interrupt);
/* From now on the device works. */
void virtio_start(virtio_device_t* virtio);
/* Resets the device: it touches no memory afterwards. May sleep. */
void virtio_close(virtio_device_t* virtio);
/* Frees the rings of a queue, after virtio_close(). Accepts a queue that was never opened, if it is all zero. */
void virtio_queue_close(virtio_queue_t* queue);

/* Why it interrupted: for the handler of a line. With MSI-X a queue's interrupt means the queue. Any context. */
uint32_t virtio_interrupt_reason(virtio_device_t* virtio);
enum { VIRTIO_REASON_QUEUE = 1, VIRTIO_REASON_CONFIG = 2 };

/* The device's own configuration; what lies behind its end is all ones. Any context. */
uint8_t virtio_config8(const virtio_device_t* virtio, uint32_t offset);
uint16_t virtio_config16(const virtio_device_t* virtio, uint32_t offset);
uint32_t virtio_config32(const virtio_device_t* virtio, uint32_t offset);
/* Both halves of the same state of the device. */
uint64_t virtio_config64(virtio_device_t* virtio, uint32_t offset);
void virtio_config_write8(virtio_device_t* virtio, uint32_t offset, uint8_t value);

/*
 * Puts a buffer into the ring: first `readable` pieces that the device reads, then `writable` that it writes. It is
 * shown with the next kick. `token` (not NULL) comes back when the device is done. HAL_BUSY: no room. HAL_ERROR: the
 * queue is broken.
 */
hal_status_t virtio_queue_add(virtio_queue_t* queue, const virtio_piece_t* pieces, uint32_t readable, uint32_t writable,
                              void* token);
/* Shows the device what was added since the last kick, and notifies it if it wants to hear. */
void virtio_queue_kick(virtio_queue_t* queue);
/* The next buffer that the device is done with, and how many bytes it wrote; NULL: none. */
void* virtio_queue_take(virtio_queue_t* queue, uint32_t* written);
/*
 * Asks for an interrupt at the next answer. False: there is one already, so that no interrupt may come; take it first.
 */
bool virtio_queue_want_interrupt(virtio_queue_t* queue);
void virtio_queue_quiet(virtio_queue_t* queue);
/* Takes back a buffer that the device has not answered, for cleaning up after virtio_close(); NULL: none is left. */
void* virtio_queue_reclaim(virtio_queue_t* queue);

/* The transports: HAL_NOT_SUPPORTED where the device is not theirs. */
hal_status_t virtio_pci_open(virtio_device_t* virtio);
hal_status_t virtio_mmio_open(virtio_device_t* virtio);

HAL_EXTERN_C_END
