/* Requests, as commands of the NVM command set (NVM Command Set Specification 1.0, 3.2). */
#include "drivers/storage/nvme/nvme.h"

enum {
  kFlush = 0x00,
  kWrite = 0x01,
  kRead = 0x02,
  kDatasetManagement = 0x09,
  kDeallocate = 1 << 2,
  kForceUnitAccess = 1 << 30,
};

/* How many of the segments from `first` on one command can have: inside, each must end and the next one begin at a
 * page's edge, and the pages must fit the list (4.1.1). Their bytes go to `bytes`. */
static uint32_t segments_of_command(const storage_request_t* request, uint32_t first, uint32_t most_bytes,
                                    uint32_t* bytes) {
  uint32_t count = 0, total = 0, pages = 0;
  for (uint32_t i = first; i < request->segment_count; ++i) {
    const hal_segment_t* segment = &request->segments[i];
    const uint64_t offset = segment->device_address % NVME_PAGE;
    const uint32_t spans = (uint32_t)((offset + segment->length + NVME_PAGE - 1) / NVME_PAGE);
    if (count != 0) {
      const hal_segment_t* before = &request->segments[i - 1];
      if (offset != 0 || (before->device_address + before->length) % NVME_PAGE != 0) break;
    }
    if (count != 0 && (pages + spans > NVME_LIST_ENTRIES || total + segment->length > most_bytes)) break;
    pages += spans;
    total += segment->length;
    ++count;
  }
  *bytes = total;
  return count;
}

static uint32_t commands_of(const storage_request_t* request, uint32_t most_bytes) {
  if (request->segment_count == 0) return 1;
  uint32_t commands = 0, bytes = 0;
  for (uint32_t at = 0; at < request->segment_count; ++commands) {
    at += segments_of_command(request, at, most_bytes, &bytes);
  }
  return commands;
}

/* The pages of the segments: the first in the command, the second as well if it is the last, else a list. */
static void describe_pages(nvme_queue_t* queue, uint16_t slot, nvme_command_t* command, const hal_segment_t* segments,
                           uint32_t count) {
  uint64_t* list = queue->lists + slot * NVME_LIST_ENTRIES;
  uint32_t pages = 0;
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t at = segments[i].device_address;
    const uint64_t end = at + segments[i].length;
    while (at < end) {
      if (pages == 0) {
        command->page1 = at;
      } else {
        list[pages - 1] = at;
      }
      ++pages;
      at = (at / NVME_PAGE + 1) * NVME_PAGE;
    }
  }
  if (pages == 2) command->page2 = list[0];
  if (pages > 2) command->page2 = queue->lists_address + slot * NVME_LIST_ENTRIES * sizeof(uint64_t);
}

static uint16_t take_slot(nvme_queue_t* queue, uint16_t request) {
  const uint16_t slot = queue->free_slot;
  queue->free_slot = queue->slots[slot].next_free;
  --queue->free_slots;
  queue->slots[slot].request = request;
  return slot;
}

static nvme_command_t* begin(nvme_queue_t* queue, const nvme_disk_t* disk, uint32_t opcode, uint16_t slot) {
  nvme_command_t* command = nvme_ring_next(&queue->ring);
  command->opcode_and_id = opcode | (uint32_t)slot << 16;
  command->namespace_id = disk->namespace_id;
  return command;
}

static void put_transfer(nvme_queue_t* queue, const nvme_disk_t* disk, const storage_request_t* request,
                         uint16_t owner) {
  const uint32_t most_bytes = disk->controller->most_bytes;
  uint64_t lba = request->lba;
  for (uint32_t at = 0; at < request->segment_count;) {
    uint32_t bytes = 0;
    const uint32_t count = segments_of_command(request, at, most_bytes, &bytes);
    const uint32_t blocks = bytes / disk->block_size;
    const uint16_t slot = take_slot(queue, owner);
    nvme_command_t* command = begin(queue, disk, request->operation == STORAGE_WRITE ? kWrite : kRead, slot);
    describe_pages(queue, slot, command, request->segments + at, count);
    command->word10 = (uint32_t)lba;
    command->word11 = (uint32_t)(lba >> 32);
    command->word12 = blocks - 1;
    if ((request->flags & STORAGE_FLAG_FUA) != 0 && request->operation == STORAGE_WRITE) {
      command->word12 |= kForceUnitAccess;
    }
    lba += blocks;
    at += count;
  }
}

/* One range, which is in the slot's list (3.2.3): attributes, length in blocks, first block. */
static void put_discard(nvme_queue_t* queue, const nvme_disk_t* disk, const storage_request_t* request,
                        uint16_t owner) {
  const uint16_t slot = take_slot(queue, owner);
  uint64_t* range = queue->lists + slot * NVME_LIST_ENTRIES;
  range[0] = (uint64_t)request->blocks << 32;
  range[1] = request->lba;
  nvme_command_t* command = begin(queue, disk, kDatasetManagement, slot);
  command->page1 = queue->lists_address + slot * NVME_LIST_ENTRIES * sizeof(uint64_t);
  command->word10 = 0; /* one range */
  command->word11 = kDeallocate;
}

/* Every piece of a command is whole blocks, and not larger than a command may be. */
static bool is_valid(const nvme_disk_t* disk, const storage_request_t* request) {
  const uint32_t most_bytes = disk->controller->most_bytes;
  if (request->operation > STORAGE_DISCARD) return false;
  const bool transfers = request->operation == STORAGE_READ || request->operation == STORAGE_WRITE;
  if (transfers != (request->segment_count != 0)) return false;
  for (uint32_t i = 0; i < request->segment_count; ++i) {
    const hal_segment_t* segment = &request->segments[i];
    if (segment->length % disk->block_size != 0 || segment->length > most_bytes) return false;
    if (segment->device_address % 4 != 0) return false;
  }
  return true;
}

static hal_status_t put(nvme_queue_t* queue, nvme_disk_t* disk, const storage_request_t* request) {
  if (queue->is_stopped) return HAL_NOT_FOUND;
  const uint32_t needed = commands_of(request, disk->controller->most_bytes);
  if (needed > NVME_SLOTS) return HAL_INVALID;
  if (needed > queue->free_slots || queue->free_request == NVME_NOBODY) return HAL_BUSY;
  const uint16_t owner = queue->free_request;
  nvme_request_t* state = &queue->requests[owner];
  queue->free_request = state->next_free;
  *state = (nvme_request_t){.disk = disk, .tag = request->tag, .commands_left = (uint16_t)needed, .status = HAL_OK};
  switch (request->operation) {
    case STORAGE_FLUSH: begin(queue, disk, kFlush, take_slot(queue, owner)); break;
    case STORAGE_DISCARD: put_discard(queue, disk, request, owner); break;
    default: put_transfer(queue, disk, request, owner); break;
  }
  return HAL_OK;
}

static hal_status_t nvme_submit(void* context, uint32_t index, const storage_request_t* request) {
  nvme_disk_t* disk = context;
  nvme_controller_t* nvme = disk->controller;
  if (index >= nvme->queue_count || !is_valid(disk, request)) return HAL_INVALID;
  nvme_queue_t* queue = nvme->queues[index];
  hal_lock_acquire(&queue->lock);
  const hal_status_t status = put(queue, disk, request);
  hal_lock_release(&queue->lock);
  return status;
}

static void nvme_kick(void* context, uint32_t index) {
  nvme_disk_t* disk = context;
  nvme_queue_t* queue = disk->controller->queues[index];
  hal_lock_acquire(&queue->lock);
  if (!queue->is_stopped) nvme_ring_show(&queue->ring);
  hal_lock_release(&queue->lock);
}

const storage_ops_t nvme_storage_ops = {.size = sizeof(storage_ops_t), .submit = nvme_submit, .kick = nvme_kick};

typedef struct {
  driver_handle_t disk;
  uint64_t tag;
  hal_status_t status;
} finished_t;

/* Accounts for one answer. True if its request is complete, which is then in `finished`. */
static bool finish_command(nvme_queue_t* queue, const nvme_answer_t* answer, finished_t* finished) {
  const uint16_t slot = answer->id;
  if (slot >= NVME_SLOTS || queue->slots[slot].request == NVME_NOBODY) {
    ++queue->answers_to_nothing;
    return false;
  }
  const uint16_t owner = queue->slots[slot].request;
  queue->slots[slot] = (nvme_slot_t){.request = NVME_NOBODY, .next_free = queue->free_slot};
  queue->free_slot = slot;
  ++queue->free_slots;
  nvme_request_t* state = &queue->requests[owner];
  const hal_status_t status = nvme_status_of(answer);
  if (status != HAL_OK) state->status = status;
  if (--state->commands_left != 0) return false;
  *finished = (finished_t){.disk = state->disk->handle, .tag = state->tag, .status = state->status};
  state->next_free = queue->free_request;
  queue->free_request = owner;
  return true;
}

/* `took_any`: there were answers, whether or not one of them completed a request. */
static uint32_t take_finished(nvme_queue_t* queue, finished_t* finished, uint32_t room, bool* took_any) {
  uint32_t count = 0;
  nvme_answer_t answer;
  bool took = false;
  hal_lock_acquire(&queue->lock);
  while (count < room && nvme_ring_take(&queue->ring, &answer)) {
    took = true;
    if (finish_command(queue, &answer, &finished[count])) ++count;
  }
  if (took && !queue->is_stopped) nvme_ring_taken(&queue->ring);
  const uint32_t to_nothing = queue->answers_to_nothing;
  queue->answers_to_nothing = 0;
  hal_lock_release(&queue->lock);
  if (to_nothing != 0) hal_log(HAL_LOG_ERROR, "nvme", "%u times an answer to nothing", to_nothing);
  *took_any |= took;
  return count;
}

/* True if there were answers. */
static bool drain(nvme_queue_t* queue) {
  enum { kBatch = 8 };
  finished_t finished[kBatch];
  bool took_any = false;
  for (;;) {
    const uint32_t count = take_finished(queue, finished, kBatch, &took_any);
    for (uint32_t i = 0; i < count; ++i) {
      storage_complete(finished[i].disk, queue->index, finished[i].tag, finished[i].status);
    }
    if (count < kBatch) return took_any;
  }
}

/*
 * Until nothing is found: an answer that came before the doorbell told of the ones before it keeps a wired line up, and
 * a controller that counts edges alone (QEMU's PLIC) says nothing more. A line that all queues share is up while any of
 * them has answers, so all are looked at.
 */
void nvme_interrupt(uint32_t irq, void* context) {
  (void)irq;
  nvme_queue_t* queue = context;
  const nvme_controller_t* nvme = queue->controller;
  const bool is_shared = nvme->interrupts <= nvme->queue_count;
  enum { kMostPasses = 256 }; /* many times what can be in flight: a device that goes on and on is not listened to */
  bool took_any = true;
  for (uint32_t pass = 0; took_any && pass < kMostPasses; ++pass) {
    took_any = drain(queue);
    for (uint32_t i = 0; is_shared && i < nvme->queue_count; ++i) took_any |= drain(nvme->queues[i]);
  }
}
