/* The controller's registers, and its admin queue (NVM Express Base 2.0, 3.1.3 and 3.5). */
#include "drivers/storage/nvme/nvme.h"

enum {
  kCapabilities = 0x00,
  kMaskSet = 0x0c,
  kMaskClear = 0x10,
  kConfiguration = 0x14,
  kStatus = 0x1c,
  kAdminAttributes = 0x24,
  kAdminCommands = 0x28,
  kAdminAnswers = 0x30,
  kDoorbells = 0x1000,
  /* configuration */
  kEnable = 1,
  kCommandEntry = 6 << 16, /* 2^6 bytes */
  kAnswerEntry = 4 << 20,  /* 2^4 bytes */
  kShutdownNormal = 1 << 14,
  kShutdownMask = 3 << 14,
  /* status */
  kReady = 1,
  kFatal = 2,
  kShutdownDone = 2 << 2,
  kShutdownStatusMask = 3 << 2,

  kAdminMs = 5000,
  kSpinMs = 2, /* most answers come sooner; others are worth sleeping for */
  kShutdownMs = 5000,
};

static uint64_t read64(nvme_controller_t* nvme, uint32_t offset) {
  return hal_mmio_read32(nvme->registers + offset) | (uint64_t)hal_mmio_read32(nvme->registers + offset + 4) << 32;
}

static void write64(nvme_controller_t* nvme, uint32_t offset, uint64_t value) {
  hal_mmio_write32(nvme->registers + offset, (uint32_t)value);
  hal_mmio_write32(nvme->registers + offset + 4, (uint32_t)(value >> 32));
}

volatile uint8_t* nvme_doorbells(nvme_controller_t* nvme, uint32_t queue) {
  const uint64_t offset = kDoorbells + (uint64_t)queue * 2 * nvme->doorbell_stride;
  return offset + 2 * nvme->doorbell_stride <= nvme->registers_size ? nvme->registers + offset : NULL;
}

static hal_status_t wait_for(nvme_controller_t* nvme, uint32_t mask, uint32_t wanted, uint64_t milliseconds) {
  const uint64_t start = hal_timer_ms();
  for (;;) {
    const uint32_t status = hal_mmio_read32(nvme->registers + kStatus);
    if (status == UINT32_MAX || (status & kFatal) != 0) return HAL_ERROR;
    if ((status & mask) == wanted) return HAL_OK;
    if (hal_timer_ms() - start > milliseconds) return HAL_TIMEOUT;
    hal_sleep_ms(1);
  }
}

static hal_status_t disable(nvme_controller_t* nvme) {
  const uint32_t configuration = hal_mmio_read32(nvme->registers + kConfiguration);
  if (configuration == UINT32_MAX) return HAL_ERROR;
  hal_mmio_write32(nvme->registers + kConfiguration, configuration & ~(uint32_t)kEnable);
  const uint64_t start = hal_timer_ms();
  /* A controller in the fatal state becomes not ready as well (3.5.1): only the bit counts. */
  for (;;) {
    const uint32_t status = hal_mmio_read32(nvme->registers + kStatus);
    if (status == UINT32_MAX) return HAL_ERROR;
    if ((status & kReady) == 0) return HAL_OK;
    if (hal_timer_ms() - start > nvme->ready_ms) return HAL_TIMEOUT;
    hal_sleep_ms(1);
  }
}

static hal_status_t read_capabilities(nvme_controller_t* nvme) {
  const uint64_t capabilities = read64(nvme, kCapabilities);
  if (capabilities == UINT64_MAX) return HAL_NOT_FOUND;
  const uint32_t most_entries = (uint32_t)(capabilities & 0xffff) + 1;
  const uint32_t smallest_page = 12 + (uint32_t)(capabilities >> 48 & 0xf);
  const bool has_nvm_commands = (capabilities >> 37 & 1) != 0;
  if (most_entries < NVME_RING || smallest_page > 12 || !has_nvm_commands) return HAL_NOT_SUPPORTED;
  nvme->doorbell_stride = 4u << (capabilities >> 32 & 0xf);
  nvme->ready_ms = ((uint32_t)(capabilities >> 24 & 0xff) + 1) * 500;
  return HAL_OK;
}

static hal_status_t enable(nvme_controller_t* nvme) {
  hal_mmio_write32(nvme->registers + kAdminAttributes, (NVME_ADMIN_RING - 1) << 16 | (NVME_ADMIN_RING - 1));
  write64(nvme, kAdminCommands, nvme->admin.commands_address);
  write64(nvme, kAdminAnswers, nvme->admin.answers_address);
  hal_mmio_barrier();
  hal_mmio_write32(nvme->registers + kConfiguration, kEnable | kCommandEntry | kAnswerEntry);
  return wait_for(nvme, kReady, kReady, nvme->ready_ms);
}

hal_status_t nvme_controller_start(nvme_controller_t* nvme) {
  hal_status_t status = hal_bus_pci_enable(nvme->device);
  if (status != HAL_OK) return status;
  nvme->registers_size = (uint32_t)nvme->device->bar[0].size;
  if (nvme->registers_size < kDoorbells + 16) return HAL_NOT_FOUND;
  nvme->registers = hal_bus_map_bar(nvme->device, 0);
  if (nvme->registers == NULL) return HAL_NOT_FOUND;
  status = read_capabilities(nvme);
  if (status == HAL_OK) status = disable(nvme);
  if (status != HAL_OK) return status;
  volatile uint8_t* doorbells = nvme_doorbells(nvme, 0);
  if (doorbells == NULL) return HAL_NOT_SUPPORTED;
  nvme->page = hal_dma_alloc(nvme->device, NVME_PAGE, &nvme->page_address);
  if (nvme->page == NULL) return HAL_NO_MEMORY;
  status = nvme_ring_open(&nvme->admin, nvme->device, NVME_ADMIN_RING, doorbells, nvme->doorbell_stride);
  return status == HAL_OK ? enable(nvme) : status;
}

void nvme_controller_mask(nvme_controller_t* nvme) {
  /* Not with MSI-X (3.1.3.3), where each message has its own place for that. A reset takes it back. */
  if (!hal_irq_is_msix(nvme->device)) hal_mmio_write32(nvme->registers + kMaskSet, UINT32_MAX);
}

void nvme_controller_stop(nvme_controller_t* nvme) {
  if (nvme->registers != NULL && disable(nvme) != HAL_OK) {
    hal_log(HAL_LOG_ERROR, "nvme", "%s does not stop", nvme->device->name);
  }
  /* One that goes on all the same must not do so in memory that is no longer its own. */
  hal_bus_pci_disable(nvme->device);
}

void nvme_controller_close(nvme_controller_t* nvme) {
  nvme_ring_close(&nvme->admin);
  hal_dma_free(nvme->device, nvme->page, NVME_PAGE);
  nvme->page = NULL;
}

void nvme_controller_announce_shutdown(nvme_controller_t* nvme) {
  const uint32_t configuration = hal_mmio_read32(nvme->registers + kConfiguration);
  hal_mmio_write32(nvme->registers + kConfiguration, (configuration & ~(uint32_t)kShutdownMask) | kShutdownNormal);
  if (wait_for(nvme, kShutdownStatusMask, kShutdownDone, kShutdownMs) != HAL_OK) {
    hal_log(HAL_LOG_WARNING, "nvme", "%s did not finish its shutdown", nvme->device->name);
  }
}

static void unmask(nvme_controller_t* nvme) {
  if (!hal_irq_is_msix(nvme->device)) hal_mmio_write32(nvme->registers + kMaskClear, UINT32_MAX);
}

static hal_status_t wait_for_answer(nvme_controller_t* nvme, uint16_t id, uint32_t* result) {
  const uint64_t start = hal_timer_ms();
  nvme_answer_t answer;
  for (;;) {
    const uint64_t waited = hal_timer_ms() - start;
    while (nvme_ring_take(&nvme->admin, &answer)) {
      nvme_ring_taken(&nvme->admin);
      if (answer.id != id) continue; /* of a command that was given up */
      if (result != NULL) *result = answer.result;
      return nvme_status_of(&answer);
    }
    const uint32_t status = hal_mmio_read32(nvme->registers + kStatus);
    if (status == UINT32_MAX || (status & kFatal) != 0) return HAL_ERROR;
    if (waited > kAdminMs) return HAL_TIMEOUT;
    if (waited < kSpinMs) {
      hal_timer_delay_us(20);
    } else {
      hal_sleep_ms(1);
    }
  }
}

/* An answer raises the wired line until it is taken. No handler takes it, since who sent the command asks for it: with
 * the line open, a CPU that has both would do nothing but hear it. */
hal_status_t nvme_admin(nvme_controller_t* nvme, const nvme_command_t* command, uint32_t* result) {
  const uint16_t id = nvme->next_admin_id++;
  nvme_command_t* place = nvme_ring_next(&nvme->admin);
  *place = *command;
  place->opcode_and_id |= (uint32_t)id << 16;
  nvme_controller_mask(nvme);
  nvme_ring_show(&nvme->admin);
  const hal_status_t status = wait_for_answer(nvme, id, result);
  unmask(nvme);
  return status;
}
