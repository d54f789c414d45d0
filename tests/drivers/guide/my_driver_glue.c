/*
 * The rest of the guide's example, for QEMU's educational device (docs/specs/edu.rst of QEMU), as a package: a disk of
 * seven blocks in the device's buffer, which only its DMA engine reaches. Its first register is read-only, so that the
 * example's reset does nothing to it, and its second gives back the complement of what was written there.
 */
#include <string.h>

#include "tests/drivers/guide/my_driver.h"

enum {
  LIVENESS = 0x04,
  INTERRUPT_STATUS = 0x24,
  INTERRUPT_ACKNOWLEDGE = 0x64,
  DMA_SOURCE = 0x80,
  DMA_DESTINATION = 0x88,
  DMA_COUNT = 0x90,
  DMA_COMMAND = 0x98,
  DMA_START = 1,
  DMA_FROM_DEVICE = 2,
  DMA_INTERRUPT = 4,
  BUFFER = 0x40000,
  BLOCK = 512,
  BLOCKS = 7, /* of eight: QEMU before 8.0 refuses a transfer that ends where the buffer does */
};

/* Set by driver_register_builtin(), which in a package is ours. */
static driver_ops_t ops;
static hal_status_t (*example_init)(hal_device_t* device);

static hal_device_t* device;
static volatile uint8_t* registers;
static void* memory;
static uint64_t memory_address;
static hal_event_t done;
static uint32_t transfers, interrupts;

void my_irq_handler(uint32_t irq, void* context) {
  (void)context;
  const uint32_t status = hal_mmio_read32(registers + INTERRUPT_STATUS);
  /* The line may be shared; all ones is a device that is gone. */
  if (status == 0 || status == UINT32_MAX) return;
  hal_mmio_write32(registers + INTERRUPT_ACKNOWLEDGE, status);
  ++interrupts;
  hal_event_signal(&done);
  hal_irq_eoi(irq);
}

static hal_status_t transfer(uint64_t from, uint64_t to, uint32_t bytes, uint32_t direction) {
  hal_mmio_write64(registers + DMA_SOURCE, from);
  hal_mmio_write64(registers + DMA_DESTINATION, to);
  hal_mmio_write64(registers + DMA_COUNT, bytes);
  hal_mmio_barrier();
  hal_mmio_write64(registers + DMA_COMMAND, DMA_START | DMA_INTERRUPT | direction);
  const uint64_t start = hal_timer_ms();
  while ((hal_mmio_read64(registers + DMA_COMMAND) & DMA_START) != 0) {
    if (hal_timer_ms() - start > 5000) return HAL_TIMEOUT;
    hal_event_wait(&done, 1000);
  }
  ++transfers;
  return HAL_OK;
}

static bool is_inside(uint64_t lba, uint32_t count) { return lba < BLOCKS && count <= BLOCKS - lba; }

int64_t my_driver_read(void* buf, uint64_t lba, uint32_t count) {
  if (!is_inside(lba, count)) return HAL_INVALID;
  const hal_status_t status = transfer(BUFFER + lba * BLOCK, memory_address, count * BLOCK, DMA_FROM_DEVICE);
  if (status != HAL_OK) return status;
  hal_mmio_barrier();
  memcpy(buf, memory, count * BLOCK);
  return count;
}

int64_t my_driver_write(const void* buf, uint64_t lba, uint32_t count) {
  if (!is_inside(lba, count)) return HAL_INVALID;
  memcpy(memory, buf, count * BLOCK);
  const hal_status_t status = transfer(memory_address, BUFFER + lba * BLOCK, count * BLOCK, 0);
  return status == HAL_OK ? (int64_t)count : status;
}

void my_driver_shutdown(void) {
  hal_irq_unregister(device->irq, my_irq_handler, NULL);
  hal_dma_free(device, memory, BLOCKS * BLOCK);
  hal_log(HAL_LOG_INFO, "my_driver", "stopped: %u transfers, %s", transfers,
          interrupts != 0 ? "with interrupts" : "no interrupt");
}

/* The example's init, between what it needs before it and a look at whether the device is alive. */
static hal_status_t init(hal_device_t* found) {
  device = found;
  registers = hal_bus_map_bar(device, 0);
  memory = hal_dma_alloc(device, BLOCKS * BLOCK, &memory_address);
  if (registers == NULL || memory == NULL) {
    hal_dma_free(device, memory, BLOCKS * BLOCK);
    return HAL_NO_MEMORY;
  }
  hal_status_t status = example_init(device);
  const uint32_t word = 0x12345679; /* odd, so that the example finds STATUS_RESET clear the next time */
  if (status == HAL_OK) {
    hal_mmio_write32(registers + LIVENESS, word);
    if (hal_mmio_read32(registers + LIVENESS) != ~word) status = HAL_ERROR;
  }
  if (status != HAL_OK) my_driver_shutdown();
  return status;
}

/* Registers of the kernel's are out of a package's reach: a package registers with itself. */
void driver_register_builtin(const driver_ops_t* registered) {
  ops = *registered;
  example_init = registered->init;
  ops.init = init;
}

static const driver_ops_t* get_ops(void) {
  my_driver_register();
  return &ops;
}
DRIVER_V1(get_ops);
