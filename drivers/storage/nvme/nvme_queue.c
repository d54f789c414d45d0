/* The I/O queue pairs: how many, and their creation (NVM Express Base 2.0, 5.4, 5.5, 5.27.1.5). */
#include "drivers/storage/nvme/nvme.h"

#include "hal/cpu.h"

enum {
  kCreateCommands = 0x01,
  kCreateAnswers = 0x05,
  kSetFeatures = 0x09,
  kNumberOfQueues = 0x07,
  kContiguous = 1,
  kInterruptsEnabled = 2,
};

/* How many pairs the controller gives; fewer than asked for is its right. */
static hal_status_t ask_for_queues(nvme_controller_t* nvme, uint32_t wanted, uint32_t* given) {
  const nvme_command_t command = {
      .opcode_and_id = kSetFeatures, .word10 = kNumberOfQueues, .word11 = (wanted - 1) << 16 | (wanted - 1)};
  uint32_t result = 0;
  const hal_status_t status = nvme_admin(nvme, &command, &result);
  if (status != HAL_OK) return status;
  const uint32_t commands = (result & 0xffff) + 1, answers = (result >> 16) + 1;
  *given = commands < answers ? commands : answers;
  if (*given > wanted) *given = wanted;
  return HAL_OK;
}

static hal_status_t create(nvme_controller_t* nvme, nvme_queue_t* queue, uint32_t id, uint32_t interrupt) {
  const uint32_t size = (uint32_t)(queue->ring.size - 1) << 16;
  const nvme_command_t answers = {.opcode_and_id = kCreateAnswers,
                                  .page1 = queue->ring.answers_address,
                                  .word10 = size | id,
                                  .word11 = interrupt << 16 | kInterruptsEnabled | kContiguous};
  const hal_status_t status = nvme_admin(nvme, &answers, NULL);
  if (status != HAL_OK) return status;
  const nvme_command_t commands = {.opcode_and_id = kCreateCommands,
                                   .page1 = queue->ring.commands_address,
                                   .word10 = size | id,
                                   .word11 = id << 16 | kContiguous};
  return nvme_admin(nvme, &commands, NULL);
}

static void link_free(nvme_queue_t* queue) {
  for (int i = 0; i < NVME_SLOTS; ++i) {
    const uint16_t next = i + 1 < NVME_SLOTS ? (uint16_t)(i + 1) : (uint16_t)NVME_NOBODY;
    queue->slots[i] = (nvme_slot_t){.request = NVME_NOBODY, .next_free = next};
    queue->requests[i].next_free = next;
  }
  queue->free_slots = NVME_SLOTS;
}

/* `index` counts from 0; the controller's number for it is one more, since 0 is the admin queue. */
static hal_status_t open_queue(nvme_controller_t* nvme, uint32_t index) {
  volatile uint8_t* doorbells = nvme_doorbells(nvme, index + 1);
  if (doorbells == NULL) return HAL_NOT_SUPPORTED;
  nvme_queue_t* queue = hal_alloc(sizeof(nvme_queue_t), 16);
  if (queue == NULL) return HAL_NO_MEMORY;
  nvme->queues[index] = queue;
  queue->irq = HAL_NO_IRQ;
  queue->controller = nvme;
  queue->index = index;
  link_free(queue);
  const size_t lists = NVME_SLOTS * NVME_LIST_ENTRIES * sizeof(uint64_t);
  queue->lists = hal_dma_alloc(nvme->device, lists, &queue->lists_address);
  if (queue->lists == NULL) return HAL_NO_MEMORY;
  hal_status_t status = nvme_ring_open(&queue->ring, nvme->device, NVME_RING, doorbells, nvme->doorbell_stride);
  if (status != HAL_OK) return status;
  /* With one interrupt for all, each handler looks at its own queue. The first is the admin queue's where there are
   * several. */
  const uint32_t interrupt = nvme->interrupts > index + 1 ? index + 1 : 0;
  const uint32_t irq = hal_irq_of(nvme->device, interrupt);
  status = hal_irq_register(irq, nvme_interrupt, queue);
  if (status != HAL_OK) return status;
  queue->irq = irq;
  hal_irq_enable(irq);
  return create(nvme, queue, index + 1, interrupt);
}

hal_status_t nvme_queues_open(nvme_controller_t* nvme) {
  uint32_t wanted = hal_cpu_count();
  if (wanted > NVME_MOST_QUEUES) wanted = NVME_MOST_QUEUES;
  hal_status_t status = hal_irq_allocate(nvme->device, wanted + 1, &nvme->interrupts);
  if (status == HAL_OK) status = ask_for_queues(nvme, wanted, &wanted);
  if (status != HAL_OK) return status;
  for (uint32_t i = 0; i < wanted; ++i) {
    status = open_queue(nvme, i);
    if (status != HAL_OK) return status;
    nvme->queue_count = i + 1;
  }
  return HAL_OK;
}

void nvme_queues_stop(nvme_controller_t* nvme) {
  for (uint32_t i = 0; i < NVME_MOST_QUEUES; ++i) {
    nvme_queue_t* queue = nvme->queues[i];
    if (queue == NULL) continue;
    hal_lock_acquire(&queue->lock);
    queue->is_stopped = true;
    hal_lock_release(&queue->lock);
    if (queue->irq == HAL_NO_IRQ) continue;
    nvme_controller_mask(nvme);
    hal_irq_unregister(queue->irq, nvme_interrupt, queue);
  }
}

void nvme_queues_close(nvme_controller_t* nvme) {
  for (uint32_t i = 0; i < NVME_MOST_QUEUES; ++i) {
    nvme_queue_t* queue = nvme->queues[i];
    if (queue == NULL) continue;
    nvme_ring_close(&queue->ring);
    hal_dma_free(nvme->device, queue->lists, NVME_SLOTS * NVME_LIST_ENTRIES * sizeof(uint64_t));
    hal_free(queue);
    nvme->queues[i] = NULL;
  }
  nvme->queue_count = 0;
}
