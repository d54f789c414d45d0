/*
 * NVM Express over PCI (NVM Express Base Specification 2.0, PCIe Transport 1.0): what the files of the driver share.
 *
 * A controller has an admin queue, used at probe and remove only and polled, and one or more I/O queue pairs, each with
 * an interrupt of its own where there are enough. A pair has a lock; it guards its rings, its slots and its requests.
 * Completions are reported without the lock.
 *
 * A request of the kernel's becomes one or more commands, because the pages of one command (PRP, 4.1.1) must follow
 * each other without gaps; it is complete when the last of them is.
 */
#pragma once

#include "kernel/driver_loader.h"

enum {
  NVME_PAGE = 4096,
  NVME_SLOTS = 64,        /* commands in flight of one queue */
  NVME_RING = 128,        /* entries of a queue's rings: more than slots, so that they are never full */
  NVME_LIST_ENTRIES = 64, /* of a command's list of pages: 256 KiB */
  NVME_ADMIN_RING = 16,
  NVME_MOST_QUEUES = 8,
  NVME_MOST_DISKS = 16,
};

typedef struct { /* 3.3.3.1 */
  uint32_t opcode_and_id;
  uint32_t namespace_id;
  uint64_t reserved;
  uint64_t metadata;
  uint64_t page1, page2;
  uint32_t word10, word11, word12, word13, word14, word15;
} nvme_command_t;
_Static_assert(sizeof(nvme_command_t) == 64, "3.3.3.1");

typedef struct { /* 3.3.3.2 */
  uint32_t result;
  uint32_t reserved;
  uint16_t head;
  uint16_t queue;
  uint16_t id;
  uint16_t status_and_phase;
} nvme_answer_t;
_Static_assert(sizeof(nvme_answer_t) == 16, "3.3.3.2");

/* The two rings of a queue pair, and where to ring. */
typedef struct {
  hal_device_t* device;
  nvme_command_t* commands;
  nvme_answer_t* answers;
  uint64_t commands_address, answers_address;
  volatile uint8_t* tail_doorbell;
  volatile uint8_t* head_doorbell;
  uint16_t size;
  uint16_t tail, shown_tail, head;
  uint16_t phase; /* of the next answer: 1 or 0 */
} nvme_ring_t;

struct nvme_disk;

/* A request of the kernel's that became commands. */
typedef struct {
  struct nvme_disk* disk;
  uint64_t tag;
  uint16_t commands_left;
  uint16_t next_free;
  hal_status_t status;
} nvme_request_t;

typedef struct {
  uint16_t request; /* index, or NVME_NOBODY while the slot is free */
  uint16_t next_free;
} nvme_slot_t;
enum { NVME_NOBODY = 0xffff };

typedef struct nvme_queue {
  struct nvme_controller* controller;
  nvme_ring_t ring;
  hal_lock_t lock;
  uint32_t irq;
  uint32_t index; /* as the kernel counts them, from 0 */
  bool is_stopped;
  uint32_t answers_to_nothing; /* not yet logged */
  uint16_t free_slot, free_slots, free_request;
  uint64_t* lists; /* of pages: NVME_LIST_ENTRIES for each slot */
  uint64_t lists_address;
  nvme_slot_t slots[NVME_SLOTS];
  nvme_request_t requests[NVME_SLOTS];
} nvme_queue_t;

typedef struct nvme_disk {
  struct nvme_controller* controller;
  driver_handle_t handle;
  uint32_t namespace_id;
  uint32_t block_size;
} nvme_disk_t;

typedef struct nvme_controller {
  hal_device_t* device;
  volatile uint8_t* registers;
  uint32_t registers_size;
  uint32_t doorbell_stride; /* bytes */
  uint32_t ready_ms;        /* the longest that it takes to become ready or not ready */
  uint32_t number;          /* among the controllers that this driver has had */
  nvme_ring_t admin;
  uint16_t next_admin_id;
  uint8_t* page; /* for the answers of identify commands */
  uint64_t page_address;
  uint32_t most_bytes; /* of one command */
  bool has_cache;
  bool has_discard;
  char serial[32], model[48], firmware[16];
  uint32_t interrupts;
  uint32_t queue_count;
  nvme_queue_t* queues[NVME_MOST_QUEUES];
  uint32_t disk_count;
  nvme_disk_t disks[NVME_MOST_DISKS];
} nvme_controller_t;

/* nvme_ring.c. `doorbells` is where the pair's two registers are. May sleep. */
hal_status_t nvme_ring_open(nvme_ring_t* ring, hal_device_t* device, uint16_t size, volatile uint8_t* doorbells,
                            uint32_t stride);
void nvme_ring_close(nvme_ring_t* ring);
/* The next command's place, cleared; there is always one (see NVME_RING). It goes with the next nvme_ring_show(). */
nvme_command_t* nvme_ring_next(nvme_ring_t* ring);
void nvme_ring_show(nvme_ring_t* ring);
/* The next answer, copied; false: none. The caller calls nvme_ring_taken() after the last one. */
bool nvme_ring_take(nvme_ring_t* ring, nvme_answer_t* answer);
void nvme_ring_taken(nvme_ring_t* ring);
hal_status_t nvme_status_of(const nvme_answer_t* answer);

/* nvme_controller.c: registers, and the admin queue. All may sleep. */
hal_status_t nvme_controller_start(nvme_controller_t* nvme);
/* No wired interrupts any more: others on the line would hear them without end once our handlers are gone. */
void nvme_controller_mask(nvme_controller_t* nvme);
/* The controller reaches no memory afterwards, even if it does not obey. Again is harmless. */
void nvme_controller_stop(nvme_controller_t* nvme);
/* Frees what start took, after stop. */
void nvme_controller_close(nvme_controller_t* nvme);
void nvme_controller_announce_shutdown(nvme_controller_t* nvme);
volatile uint8_t* nvme_doorbells(nvme_controller_t* nvme, uint32_t queue);
/*
 * Sends one command and waits for its answer. `result` may be NULL. HAL_ERROR at once where the controller is gone or
 * has given up. After HAL_TIMEOUT no other command may be sent: this one may yet be carried out.
 */
hal_status_t nvme_admin(nvme_controller_t* nvme, const nvme_command_t* command, uint32_t* result);

/* nvme_identify.c: what the controller and its namespaces say. May sleep. */
hal_status_t nvme_identify_controller(nvme_controller_t* nvme);
/* Also where it fails, those that were added count. HAL_TIMEOUT: the controller fell silent. */
hal_status_t nvme_add_disks(nvme_controller_t* nvme);

/* nvme_queue.c: the I/O queues. May sleep. */
hal_status_t nvme_queues_open(nvme_controller_t* nvme);
/* No request is taken and no answer listened to any more. */
void nvme_queues_stop(nvme_controller_t* nvme);
/* After the controller was stopped. */
void nvme_queues_close(nvme_controller_t* nvme);

/* nvme_io.c: requests. */
extern const storage_ops_t nvme_storage_ops;
void nvme_interrupt(uint32_t irq, void* queue);
