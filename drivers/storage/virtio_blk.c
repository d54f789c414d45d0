/*
 * Virtio block devices (5.2): one queue, requests with scatter-gather lists, flush and discard.
 *
 * Each request in flight has a slot in one page that the device can reach: the header that it reads, the range of a
 * discard, and the byte that it answers with. The lock guards slots and queue; completions are reported without it.
 */
#include "drivers/virtio/virtio.h"

/* 5.2.3: features. */
#define FEATURE_SIZE_MAX (1ull << 1)
#define FEATURE_SEG_MAX  (1ull << 2)
#define FEATURE_RO       (1ull << 5)
#define FEATURE_BLK_SIZE (1ull << 6)
#define FEATURE_FLUSH    (1ull << 9)
#define FEATURE_TOPOLOGY (1ull << 10)
#define FEATURE_DISCARD  (1ull << 13)

/* 5.2.4: where things are in the configuration. */
enum {
  kConfigCapacity = 0,
  kConfigSizeMax = 8,
  kConfigSegMax = 12,
  kConfigBlockSize = 20,
  kConfigPhysicalExponent = 24,
  kConfigMaxDiscard = 36,
};

/* 5.2.6: requests. */
enum { kTypeIn = 0, kTypeOut = 1, kTypeFlush = 4, kTypeDiscard = 11, kStatusOk = 0, kStatusUnsupported = 2 };

enum { kSectorSize = 512, kSlots = 32, kMostSegments = 64, kQueueEntries = 256, kNobody = 0xff };

typedef struct {
  uint32_t type;
  uint32_t reserved;
  uint64_t sector;
  /* discard */
  uint64_t range_sector;
  uint32_t range_sectors;
  uint32_t range_flags;
  uint8_t status;
  uint8_t pad[31];
} slot_memory_t;
_Static_assert(sizeof(slot_memory_t) == 64, "slots fill a page");

typedef struct {
  uint64_t tag;
  uint8_t next_free;
} slot_t;

typedef struct {
  virtio_device_t virtio;
  virtio_queue_t queue;
  hal_lock_t lock;
  uint32_t irq;
  uint32_t block_size;
  driver_handle_t disk;
  slot_memory_t* memory;
  uint64_t memory_address;
  uint8_t first_free;
  slot_t slots[kSlots];
} blk_t;

static uint64_t address_of(const blk_t* blk, uint8_t slot, size_t offset) {
  return blk->memory_address + slot * sizeof(slot_memory_t) + offset;
}

static bool fill_header(const blk_t* blk, slot_memory_t* memory, const storage_request_t* request) {
  const uint32_t per_block = blk->block_size / kSectorSize;
  *memory = (slot_memory_t){.sector = request->lba * per_block, .status = 0xff};
  switch (request->operation) {
    case STORAGE_READ: memory->type = kTypeIn; return true;
    case STORAGE_WRITE: memory->type = kTypeOut; return true;
    case STORAGE_FLUSH:
      memory->type = kTypeFlush;
      memory->sector = 0;
      return true;
    case STORAGE_DISCARD:
      memory->type = kTypeDiscard;
      memory->range_sector = memory->sector;
      memory->range_sectors = request->blocks * per_block;
      memory->sector = 0;
      return true;
    default: return false;
  }
}

/* Header, data or range, status: what the device reads comes first. */
static hal_status_t put(blk_t* blk, uint8_t slot, const storage_request_t* request) {
  virtio_piece_t pieces[kMostSegments + 2];
  uint32_t count = 0;
  pieces[count++] = (virtio_piece_t){address_of(blk, slot, 0), 16};
  for (uint32_t i = 0; i < request->segment_count; ++i) {
    pieces[count++] = (virtio_piece_t){request->segments[i].device_address, request->segments[i].length};
  }
  if (request->operation == STORAGE_DISCARD) {
    pieces[count++] = (virtio_piece_t){address_of(blk, slot, offsetof(slot_memory_t, range_sector)), 16};
  }
  const uint32_t readable = request->operation == STORAGE_READ ? 1 : count;
  pieces[count++] = (virtio_piece_t){address_of(blk, slot, offsetof(slot_memory_t, status)), 1};
  return virtio_queue_add(&blk->queue, pieces, readable, count - readable, &blk->slots[slot]);
}

static hal_status_t blk_submit(void* context, uint32_t queue, const storage_request_t* request) {
  blk_t* blk = context;
  (void)queue;
  if (request->segment_count > kMostSegments) return HAL_INVALID;
  hal_lock_acquire(&blk->lock);
  hal_status_t status = HAL_BUSY;
  const uint8_t slot = blk->first_free;
  if (slot != kNobody) {
    status = fill_header(blk, &blk->memory[slot], request) ? put(blk, slot, request) : HAL_INVALID;
    if (status == HAL_OK) {
      blk->first_free = blk->slots[slot].next_free;
      blk->slots[slot].tag = request->tag;
    }
  }
  hal_lock_release(&blk->lock);
  return status;
}

static void blk_kick(void* context, uint32_t queue) {
  blk_t* blk = context;
  (void)queue;
  hal_lock_acquire(&blk->lock);
  virtio_queue_kick(&blk->queue);
  hal_lock_release(&blk->lock);
}

typedef struct {
  uint64_t tag;
  hal_status_t status;
} answer_t;

/* The next answers, at most `room`; 0: none is left, and the next one interrupts. */
static uint32_t take_answers(blk_t* blk, answer_t* answers, uint32_t room) {
  uint32_t count = 0;
  hal_lock_acquire(&blk->lock);
  do {
    slot_t* slot;
    while (count < room && (slot = virtio_queue_take(&blk->queue, NULL)) != NULL) {
      const uint8_t index = (uint8_t)(slot - blk->slots);
      const uint8_t result = __atomic_load_n(&blk->memory[index].status, __ATOMIC_RELAXED);
      answers[count].tag = slot->tag;
      answers[count].status = result == kStatusOk            ? HAL_OK
                              : result == kStatusUnsupported ? HAL_NOT_SUPPORTED
                                                             : HAL_ERROR;
      ++count;
      slot->next_free = blk->first_free;
      blk->first_free = index;
    }
  } while (count == 0 && !blk->queue.is_broken && !virtio_queue_want_interrupt(&blk->queue));
  hal_lock_release(&blk->lock);
  return count;
}

static void interrupt(uint32_t irq, void* context) {
  (void)irq;
  blk_t* blk = context;
  if ((virtio_interrupt_reason(&blk->virtio) & VIRTIO_REASON_QUEUE) == 0) return;
  answer_t answers[8];
  for (uint32_t count; (count = take_answers(blk, answers, 8)) != 0;) {
    for (uint32_t i = 0; i < count; ++i) storage_complete(blk->disk, 0, answers[i].tag, answers[i].status);
  }
}

static void release(blk_t* blk) {
  virtio_close(&blk->virtio);
  if (blk->irq != HAL_NO_IRQ) hal_irq_unregister(blk->irq, interrupt, blk);
  virtio_queue_close(&blk->queue);
  if (blk->memory != NULL) hal_dma_free(blk->virtio.device, blk->memory, kSlots * sizeof(slot_memory_t));
  hal_free(blk);
}

static hal_status_t open_queue(blk_t* blk, hal_device_t* device) {
  hal_status_t status = virtio_open(&blk->virtio, device);
  if (status == HAL_OK) {
    status = virtio_negotiate(&blk->virtio, VIRTIO_F_EVENT_IDX | FEATURE_SIZE_MAX | FEATURE_SEG_MAX | FEATURE_RO |
                                                FEATURE_BLK_SIZE | FEATURE_FLUSH | FEATURE_TOPOLOGY | FEATURE_DISCARD);
  }
  if (status != HAL_OK) return status;
  blk->memory = hal_dma_alloc(device, kSlots * sizeof(slot_memory_t), &blk->memory_address);
  if (blk->memory == NULL) return HAL_NO_MEMORY;
  uint32_t granted = 0;
  status = hal_irq_allocate(device, 1, &granted);
  if (status == HAL_OK) status = virtio_queue_open(&blk->virtio, &blk->queue, 0, kQueueEntries, 0);
  if (status != HAL_OK) return status;
  const uint32_t irq = hal_irq_of(device, 0);
  status = hal_irq_register(irq, interrupt, blk);
  if (status != HAL_OK) return status;
  blk->irq = irq;
  hal_irq_enable(irq);
  return HAL_OK;
}

static bool is_power_of_two(uint32_t number) { return number != 0 && (number & (number - 1)) == 0; }

/* What the device says of itself, as far as it makes sense. */
static hal_status_t describe(blk_t* blk, storage_info_t* info) {
  virtio_device_t* virtio = &blk->virtio;
  const uint64_t features = virtio->features;
  uint32_t block_size = kSectorSize;
  if ((features & FEATURE_BLK_SIZE) != 0) block_size = virtio_config32(virtio, kConfigBlockSize);
  if (!is_power_of_two(block_size) || block_size < kSectorSize || block_size > 65536) return HAL_INVALID;
  const uint64_t sectors = virtio_config64(virtio, kConfigCapacity);
  if (sectors > UINT64_MAX / kSectorSize / 2) return HAL_INVALID; /* all ones, too */
  *info = (storage_info_t){
      .size = sizeof(*info), .block_size = block_size, .queues = 1, .queue_depth = kSlots, .name = "vd"};
  info->blocks = sectors / (block_size / kSectorSize);
  info->max_segments = kMostSegments;
  if ((features & FEATURE_SEG_MAX) != 0) {
    const uint32_t most = virtio_config32(virtio, kConfigSegMax);
    if (most != 0 && most < info->max_segments) info->max_segments = most;
  }
  if (info->max_segments > blk->queue.size - 2u) info->max_segments = blk->queue.size - 2u;
  info->max_segment_size = 65536;
  if ((features & FEATURE_SIZE_MAX) != 0) {
    const uint32_t most = virtio_config32(virtio, kConfigSizeMax);
    if (most < 4096) return HAL_NOT_SUPPORTED;
    if (most < info->max_segment_size) info->max_segment_size = most;
  }
  info->max_blocks = 1024 * 1024 / block_size;
  if ((features & FEATURE_TOPOLOGY) != 0) {
    const uint8_t exponent = virtio_config8(virtio, kConfigPhysicalExponent);
    if (exponent < 8) info->physical_block_size = block_size << exponent;
  }
  if ((features & FEATURE_RO) != 0) info->flags |= STORAGE_READ_ONLY;
  if ((features & FEATURE_FLUSH) != 0) info->flags |= STORAGE_HAS_CACHE;
  if ((features & FEATURE_DISCARD) != 0 && virtio_config32(virtio, kConfigMaxDiscard) != 0)
    info->flags |= STORAGE_HAS_DISCARD;
  blk->block_size = block_size;
  return HAL_OK;
}

static const storage_ops_t storage_ops = {.size = sizeof(storage_ops_t), .submit = blk_submit, .kick = blk_kick};

static hal_status_t blk_probe(hal_device_t* device, void** context) {
  blk_t* blk = hal_alloc(sizeof(blk_t), 16);
  if (blk == NULL) return HAL_NO_MEMORY;
  blk->irq = HAL_NO_IRQ;
  blk->first_free = 0;
  for (uint8_t i = 0; i < kSlots; ++i) blk->slots[i].next_free = i + 1 < kSlots ? (uint8_t)(i + 1) : kNobody;
  storage_info_t info;
  hal_status_t status = open_queue(blk, device);
  if (status == HAL_OK) status = describe(blk, &info);
  if (status == HAL_OK) {
    virtio_start(&blk->virtio);
    status = storage_add(device, &info, &storage_ops, blk, &blk->disk);
  }
  if (status != HAL_OK) {
    release(blk);
    return status;
  }
  *context = blk;
  return HAL_OK;
}

static void blk_remove(void* context) {
  blk_t* blk = context;
  storage_remove(blk->disk);
  release(blk);
}

static const driver_match_t matches[] = {
    {.bus = HAL_BUS_VIRTIO, .mask = 1, .u.virtio = {.type = VIRTIO_TYPE_BLOCK}},
};

static const driver_ops_v2_t virtio_blk_driver = {
    .size = sizeof(driver_ops_v2_t),
    .abi = DRIVER_ABI_V2,
    .name = "virtio-blk",
    .category = DRIVER_CAT_STORAGE,
    .match_count = sizeof(matches) / sizeof(matches[0]),
    .matches = matches,
    .probe = blk_probe,
    .remove = blk_remove,
};
DRIVER_V2(virtio_blk_driver);
