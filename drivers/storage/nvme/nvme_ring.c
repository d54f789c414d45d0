/* Submission and completion rings (NVM Express Base 2.0, 3.3.1). */
#include "drivers/storage/nvme/nvme.h"

hal_status_t nvme_ring_open(nvme_ring_t* ring, hal_device_t* device, uint16_t size, volatile uint8_t* doorbells,
                            uint32_t stride) {
  *ring = (nvme_ring_t){.device = device, .size = size, .phase = 1};
  ring->tail_doorbell = doorbells;
  ring->head_doorbell = doorbells + stride;
  ring->commands = hal_dma_alloc(device, size * sizeof(nvme_command_t), &ring->commands_address);
  ring->answers = hal_dma_alloc(device, size * sizeof(nvme_answer_t), &ring->answers_address);
  if (ring->commands != NULL && ring->answers != NULL) return HAL_OK;
  nvme_ring_close(ring);
  return HAL_NO_MEMORY;
}

void nvme_ring_close(nvme_ring_t* ring) {
  if (ring->device == NULL) return;
  hal_dma_free(ring->device, ring->commands, ring->size * sizeof(nvme_command_t));
  hal_dma_free(ring->device, ring->answers, ring->size * sizeof(nvme_answer_t));
  *ring = (nvme_ring_t){0};
}

nvme_command_t* nvme_ring_next(nvme_ring_t* ring) {
  nvme_command_t* command = &ring->commands[ring->tail];
  *command = (nvme_command_t){0};
  ring->tail = (uint16_t)(ring->tail + 1 == ring->size ? 0 : ring->tail + 1);
  return command;
}

void nvme_ring_show(nvme_ring_t* ring) {
  if (ring->shown_tail == ring->tail) return;
  ring->shown_tail = ring->tail;
  hal_mmio_barrier();
  hal_mmio_write32(ring->tail_doorbell, ring->tail);
}

bool nvme_ring_take(nvme_ring_t* ring, nvme_answer_t* answer) {
  const nvme_answer_t* at = &ring->answers[ring->head];
  /* The phase says that the entry is complete; the rest is read after it. */
  const uint16_t status = __atomic_load_n(&at->status_and_phase, __ATOMIC_ACQUIRE);
  if ((status & 1) != ring->phase) return false;
  *answer = *at;
  answer->status_and_phase = status;
  ring->head = (uint16_t)(ring->head + 1);
  if (ring->head == ring->size) {
    ring->head = 0;
    ring->phase ^= 1;
  }
  return true;
}

void nvme_ring_taken(nvme_ring_t* ring) { hal_mmio_write32(ring->head_doorbell, ring->head); }

/* 3.3.3.2.1: the status field without phase; its low 11 bits are type and code. */
hal_status_t nvme_status_of(const nvme_answer_t* answer) {
  const uint32_t status = answer->status_and_phase >> 1 & 0x7ff;
  enum { kSuccess = 0, kInvalidOpcode = 1, kInvalidField = 2, kOutOfRange = 0x80 };
  switch (status) {
    case kSuccess: return HAL_OK;
    case kInvalidOpcode: return HAL_NOT_SUPPORTED;
    case kInvalidField:
    case kOutOfRange: return HAL_INVALID;
    default: return HAL_ERROR;
  }
}
