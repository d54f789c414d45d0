/*
 * The driver interfaces. Two, side by side.
 *
 * Version 1 is driver_ops_t: the driver guide's, frozen for ever. Synchronous, one device for each instance.
 *
 * Version 2 is driver_ops_v2_t, what Halyard's own drivers use: a context for each device, asynchronous requests with
 * scatter-gather lists, receive buffers that are handed over, several queues. Every structure begins with its size, so
 * that it can grow at its end; a member that lies behind `size` counts as zero.
 *
 * A driver touches the machine and the kernel through functions alone (hal_* and those below), and what crosses the
 * interface is numbers and buffers, never a pointer into the kernel: the same bytes serve in the kernel and in a
 * process.
 *
 * Who owns what: a driver owns its context from a successful probe to the end of remove. A request belongs to the
 * driver from submit until its completion is reported, exactly once. The kernel calls the operations of one device from
 * several CPUs at a time; the driver has its own locks.
 */
#pragma once

#include "hal/bus.h"
#include "hal/dma.h"
#include "hal/hal.h"
#include "hal/io.h"
#include "hal/irq.h"
#include "hal/log.h"
#include "hal/mem.h"
#include "hal/mmu.h"
#include "hal/sync.h"
#include "hal/timer.h"
#include "hal/wait.h"

HAL_EXTERN_C_BEGIN

typedef enum { /* the numbers of a driver package's header */
               DRIVER_CAT_STORAGE = 0,
               DRIVER_CAT_NETWORK = 1,
               DRIVER_CAT_INPUT = 2,
               DRIVER_CAT_DISPLAY = 3,
               DRIVER_CAT_GPU = 4,
               DRIVER_CAT_BUS = 5,
               DRIVER_CAT_OTHER = 6,
} driver_category_t;

/* --- version 1 --------------------------------------------------------------------------------------------------- */

typedef struct {
  const char* name; /* "nvme", "e1000", "xhci" */
  driver_category_t category;

  hal_status_t (*init)(hal_device_t* dev); /* initialize for the device */
  void (*shutdown)(void);                  /* clean shutdown */

  /* Storage drivers: blocks of 512 bytes; the number of blocks done, or a negative hal_status_t. */
  int64_t (*read)(void* buf, uint64_t lba, uint32_t count);
  int64_t (*write)(const void* buf, uint64_t lba, uint32_t count);

  /* Network drivers: bytes done, 0 from net_rx where nothing has come, or a negative hal_status_t. */
  int64_t (*net_tx)(const void* frame, uint64_t len);
  int64_t (*net_rx)(void* frame, uint64_t max_len);
  void (*net_get_mac)(uint8_t mac[6]);

  /* Input drivers: the code of a key that was struck (Linux's KEY_*), or -1. */
  int (*input_poll)(void);
} driver_ops_t;

/*
 * Adds a driver that is linked into the kernel; from the function that DRIVER_V1_BUILTIN names, at boot, before devices
 * are looked for. It gets one device, and no second: its statics are that one's. In a package, where nothing of the
 * kernel's is behind this name, a driver may have a function of its own that keeps the operations for its entry.
 */
void driver_register_builtin(const driver_ops_t* ops);

/* What a loaded file of version 1 exports under the name ajdrv_entry. */
typedef const driver_ops_t* (*driver_entry_v1_t)(void);

/* --- version 2 --------------------------------------------------------------------------------------------------- */

#define DRIVER_ABI_V2 0x00020003u /* major << 16 | minor */

/* What a driver is for; the same 32 bytes as in a package, little-endian. Fields that `mask` does not name are 0. */
enum {
  DRIVER_MATCH_VENDOR = 1,
  DRIVER_MATCH_DEVICE = 2,
  DRIVER_MATCH_SUBVENDOR = 4,
  DRIVER_MATCH_SUBDEVICE = 8,
  DRIVER_MATCH_CLASS = 16,
  DRIVER_MATCH_REVISION = 32,
};
typedef struct {
  uint8_t bus;     /* hal_bus_t */
  uint8_t mask;    /* PCI: DRIVER_MATCH_*; others 1 */
  uint8_t feature; /* among equally specific records the higher wins */
  uint8_t zero;
  union {
    struct __attribute__((packed)) {
      uint16_t vendor, device, subvendor, subdevice;
      uint32_t class_code, class_mask;
      uint8_t revision_min, revision_max;
      uint8_t zero[10];
    } pci;
    struct __attribute__((packed)) {
      uint32_t type;
      uint32_t vendor;
      uint64_t features_required;
      uint8_t zero[12];
    } virtio;
    struct __attribute__((
        packed)) { /* device tree and ACPI: an exact string, in the strings of the driver or of its package */
      uint32_t offset, length;
      uint8_t zero[20];
    } text;
    uint8_t bytes[28];
  } u;
} __attribute__((packed)) driver_match_t;

typedef struct {
  uint32_t size;
  uint32_t abi; /* DRIVER_ABI_V2 */
  const char* name;
  driver_category_t category;
  uint32_t match_count;
  const driver_match_t* matches;
  const char* strings; /* what text matches refer to */

  /*
   * A device that matches. HAL_NOT_SUPPORTED: not for this driver after all. Others: it is broken; the driver gave back
   * what it took. May sleep.
   */
  hal_status_t (*probe)(hal_device_t* device, void** context);
  /* Its device goes, or the driver does: quiet the device, take back what was announced, free everything. May sleep. */
  void (*remove)(void* context);
  /* The machine goes down: quiet the device, write back its caches. Optional. May sleep. */
  void (*shutdown)(void* context);
  /* Optional, both or none. May sleep. */
  hal_status_t (*suspend)(void* context);
  hal_status_t (*resume)(void* context);
} driver_ops_v2_t;

/* What a loaded file of version 2 exports under the name ajdrv_entry_v2. */
typedef const driver_ops_v2_t* (*driver_entry_v2_t)(void);

/* What the kernel calls a thing that a driver announced. 0: none. */
typedef uint32_t driver_handle_t;

/* --- buses --- */

typedef struct {
  uint32_t size;
  /* Configuration space of the function at `address` (hal_device_t's); width 1, 2 or 4. Any context. */
  uint32_t (*config_read)(void* context, uint32_t address, uint32_t offset, uint32_t width);
  void (*config_write)(void* context, uint32_t address, uint32_t offset, uint32_t width, uint32_t value);
} bus_ops_t;

/*
 * A bus driver announces a device that it found behind `bridge`: `found` is copied; size, handle and name are filled
 * in. `ops` and `context` stay valid while the device is known. HAL_NO_MEMORY, HAL_BUSY: this address is known. May
 * sleep.
 */
hal_status_t bus_add_device(hal_device_t* bridge, const hal_device_t* found, const bus_ops_t* ops, void* context);
/*
 * The line behind interrupt pin 1 to 4 of the function at `address` below a host bridge. `line_register` is what
 * firmware left in the function's configuration space. HAL_NO_IRQ where nobody knows. May sleep.
 */
uint32_t bus_route_interrupt(hal_device_t* bridge, uint32_t address, uint32_t pin, uint32_t line_register);

/* --- storage --- */

enum {
  STORAGE_READ = 0,
  STORAGE_WRITE = 1,
  STORAGE_FLUSH = 2,   /* all completed writes become durable; no blocks, no segments */
  STORAGE_DISCARD = 3, /* the contents may be forgotten; no segments */
};
enum {
  STORAGE_FLAG_FUA = 1, /* this write is durable when it completes */
};
enum {
  STORAGE_READ_ONLY = 1,
  STORAGE_HAS_CACHE = 2, /* writes are durable only after a flush */
  STORAGE_HAS_FUA = 4,
  STORAGE_HAS_DISCARD = 8,
  STORAGE_REMOVABLE = 16,
};

typedef struct {
  uint64_t tag; /* the kernel's name for the request */
  uint32_t operation;
  uint32_t flags;
  uint64_t lba;    /* first block, of the disk's block size */
  uint32_t blocks; /* how many */
  uint32_t segment_count;
  const hal_segment_t* segments; /* stay valid until the completion; lengths add up to blocks * block size */
} storage_request_t;

typedef struct {
  uint32_t size;
  /*
   * Takes a request for queue `queue`. HAL_OK: it will be completed. HAL_BUSY: no room; the kernel comes again after
   * the queue's next completion. Others: refused at once. Under a spinning lock of the kernel's: does not sleep.
   */
  hal_status_t (*submit)(void* context, uint32_t queue, const storage_request_t* request);
  /* The last of a batch of requests was submitted: tell the device. Same context. */
  void (*kick)(void* context, uint32_t queue);
} storage_ops_t;

typedef struct {
  uint32_t size;
  uint32_t flags;
  uint64_t blocks;
  uint32_t block_size;          /* bytes, a power of two, 512 to 65536 */
  uint32_t physical_block_size; /* 0: as block_size */
  uint32_t max_segments;        /* in one request, at least 1 */
  uint32_t max_segment_size;    /* bytes, at least 4096 */
  uint32_t max_blocks;          /* in one request, at least 1 */
  uint32_t queues;              /* at least 1 */
  uint32_t queue_depth;         /* requests that one queue takes at a time; a hint */
  char name[16]; /* "vd" and the like: the kernel adds a letter; one that ends in '#' is used whole: "nvme0n1#" */
  char model[48], serial[32], firmware[16];
} storage_info_t;

/* Announces a disk; requests may come before this returns. HAL_INVALID, HAL_NO_MEMORY. May sleep. */
hal_status_t storage_add(hal_device_t* device, const storage_info_t* info, const storage_ops_t* ops, void* context,
                         driver_handle_t* disk);
/* The disk is gone: no more requests come after this returned, and those outstanding fail. May sleep. */
void storage_remove(driver_handle_t disk);
/* A request of queue `queue` is done. Any context, but not from within submit or under the driver's own locks. */
void storage_complete(driver_handle_t disk, uint32_t queue, uint64_t tag, hal_status_t status);
/* The number of blocks changed. May sleep. */
void storage_resized(driver_handle_t disk, uint64_t blocks);

/* --- network --- */

enum {
  NETWORK_CHECKSUM = 1, /* can fill in the TCP or UDP checksum of what it sends */
};
enum {
  NETWORK_FRAME_NEEDS_CHECKSUM = 1, /* from checksum_start on, to be put at checksum_offset behind it */
  NETWORK_FRAME_CHECKSUM_GOOD = 2,  /* received: the device has verified it */
};

typedef struct {
  uint64_t tag; /* the kernel's name for the frame */
  uint32_t flags;
  uint16_t checksum_start, checksum_offset;
  uint32_t segment_count;
  uint32_t length;               /* bytes in all, from the destination address on, without the frame check sequence */
  const hal_segment_t* segments; /* stay valid until the frame is done */
} network_frame_t;

/* A receive buffer of the kernel's, lent to the driver. */
typedef struct {
  uint64_t tag;
  hal_segment_t segment; /* its whole room */
} network_buffer_t;

typedef struct {
  uint32_t size;
  /* The interface goes up: from now on frames may be received. May sleep. */
  hal_status_t (*start)(void* context);
  /* It goes down: gives back all buffers and frames before it returns. May sleep. */
  void (*stop)(void* context);
  /* Takes a frame. HAL_OK: network_sent() will follow. HAL_BUSY: no room. Under a spinning lock: does not sleep. */
  hal_status_t (*transmit)(void* context, uint32_t queue, const network_frame_t* frame);
  /* The last of a batch was handed over. Same context. */
  void (*kick)(void* context, uint32_t queue);
  /*
   * The kernel's receive thread asks: hands up at most `budget` frames by network_received() and puts fresh buffers in
   * their place. Returns how many; fewer than `budget` means that all is done and the device will interrupt again,
   * which the driver reports by network_poll_wanted(). May sleep.
   */
  uint32_t (*poll)(void* context, uint32_t queue, uint32_t budget);
  /* Which addresses to receive beside its own and broadcast: all, or these groups. Optional. May sleep. */
  hal_status_t (*set_filter)(void* context, bool all, bool all_groups, const uint8_t (*groups)[6], uint32_t count);
} network_ops_t;

typedef struct {
  uint32_t size;
  uint32_t flags;
  uint8_t address[6];           /* the station's */
  uint16_t max_mtu;             /* bytes of payload, at least 1500 */
  uint32_t queues;              /* pairs of receive and transmit, at least 1 */
  uint32_t receive_buffer_size; /* what the driver wants in one buffer: at most 4096 */
  uint32_t max_segments;        /* of a frame to send, at least 1 */
  bool link_up;
} network_info_t;

/* Announces an interface, down at first. HAL_INVALID, HAL_NO_MEMORY. May sleep. */
hal_status_t network_add(hal_device_t* device, const network_info_t* info, const network_ops_t* ops, void* context,
                         driver_handle_t* interface);
/* It is gone: stopped if it was up; no calls after this returned. May sleep. */
void network_remove(driver_handle_t interface);
/* An empty buffer of at least receive_buffer_size bytes. HAL_NO_MEMORY. In start and poll. */
hal_status_t network_buffer_take(driver_handle_t interface, network_buffer_t* buffer);
/* Gives a buffer back unused. In stop and poll. */
void network_buffer_return(driver_handle_t interface, uint64_t tag);
/* A frame has come, in `length` bytes from `offset` on of a buffer, which is the kernel's again. In poll. */
void network_received(driver_handle_t interface, uint64_t tag, uint32_t offset, uint32_t length, uint32_t flags);
/* A frame is sent, or was dropped in stop. Any context, but not from within transmit. */
void network_sent(driver_handle_t interface, uint32_t queue, uint64_t tag, hal_status_t status);
/* There are frames to receive: the kernel will call poll. Any context. */
void network_poll_wanted(driver_handle_t interface, uint32_t queue);
/* The cable was plugged in or pulled. Any context. */
void network_link(driver_handle_t interface, bool up, uint32_t megabits_per_second);

/* --- input --- */

enum { /* a keyboard's lamps */
       INPUT_LED_NUM = 1,
       INPUT_LED_CAPS = 2,
       INPUT_LED_SCROLL = 4,
};

typedef struct {
  uint32_t size;
  uint32_t flags;
  char name[64];
  /*
   * Since minor 3, optional: shows these INPUT_LED_* and no others, soon. Any context, under a spinning lock of the
   * kernel's; not called any more after input_remove() returned.
   */
  void (*set_leds)(void* context, uint32_t leds);
  void* context;
} input_info_t;

/*
 * Announces an input device, which programs read as /dev/input/eventN; its events have Linux's types and codes
 * (input-event-codes.h). What keyboards report goes to the screen's terminal as well. HAL_INVALID, HAL_NO_MEMORY. May
 * sleep.
 */
hal_status_t input_add(hal_device_t* device, const input_info_t* info, driver_handle_t* input);
/* It is gone: who reads it is told. May sleep. */
void input_remove(driver_handle_t input);
/* Something happened; readers see it when the next EV_SYN says that the change is complete. Any context. */
void input_event(driver_handle_t input, uint16_t type, uint16_t code, int32_t value);

/* --- random numbers --- */

/* Mixes bytes that nobody can guess into the kernel's pool, and counts them as such. At most 4096. May sleep. */
void entropy_add(const void* bytes, uint32_t size);

HAL_EXTERN_C_END

/* Of a version 1 driver that is linked in: who registers it, and what it is for, which its operations do not say. */
typedef struct {
  void (*register_driver)(void);
  const driver_match_t* matches;
  uint32_t match_count;
} driver_v1_builtin_t;

#ifndef DRIVER_IS_PACKAGE

/* Adds a version 1 driver that is linked into the kernel. `matches` is an array. Once for each driver. */
#define DRIVER_V1_BUILTIN(register_function, matches)                                                      \
  __attribute__((used, section("kset_drivers_v1"))) static const driver_v1_builtin_t matches##_builtin = { \
      register_function, matches, sizeof(matches) / sizeof((matches)[0])}

/* Adds a version 2 driver that is linked into the kernel. In a source file of the driver's own, once. */
#define DRIVER_V2(ops) \
  __attribute__((used, section("kset_drivers"))) static const driver_ops_v2_t* const ops##_entry = &ops

#else

/* Says in the file that its code was compiled with the kernel's flags for this interface. */
typedef struct {
  uint32_t name_size, text_size, type;
  char name[8];
  uint32_t abi, flags;
} driver_note_t;
#define DRIVER_NOTE(major)                                                                                     \
  __attribute__((used, retain, aligned(4), section(".note.ajdrv"))) static const driver_note_t driver_note = { \
      8, 8, 1, "Halyard", (major), 1}

/* The entry of a version 2 driver in a package; of version 1, around a function that returns its operations. */
#define DRIVER_V2(ops)                                                                                \
  DRIVER_NOTE(2);                                                                                     \
  __attribute__((visibility("default"))) const driver_ops_v2_t* ajdrv_entry_v2(void) { return &ops; } \
  _Static_assert(1, "")
#define DRIVER_V1(get_ops)                                                                           \
  DRIVER_NOTE(1);                                                                                    \
  __attribute__((visibility("default"))) const driver_ops_t* ajdrv_entry(void) { return get_ops(); } \
  _Static_assert(1, "")

#endif
