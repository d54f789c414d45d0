/*
 * Realtek RTL8139 as a network driver of version 1 (RTL8139C(L) data sheet, chapters 5 and 6): four transmit
 * descriptors with a buffer each, one ring for what comes. It uses no interrupts: the kernel asks.
 */
#include <string.h>

#include "kernel/driver_loader.h"

enum {
  TX_STATUS = 0x10,  /* four of four bytes */
  TX_ADDRESS = 0x20, /* likewise */
  RX_START = 0x30,
  COMMAND = 0x37,
  RX_READ_POINTER = 0x38,
  INTERRUPT_MASK = 0x3c,
  RX_CONFIG = 0x44,
  CONFIG_1 = 0x52,

  COMMAND_RX_EMPTY = 1,
  COMMAND_TX_ENABLE = 4,
  COMMAND_RX_ENABLE = 8,
  COMMAND_RESET = 16,
  TX_OWNED_BY_HOST = 1 << 13,
  RX_GOOD = 1, /* in the header of a received frame */
  /* To this station, to groups, to all; a ring of 8 KiB, behind which a frame may run on. */
  RX_WANTED = 2 | 4 | 8 | 1 << 7,

  RX_RING = 8192,
  RX_MEMORY = RX_RING + 16 + 2048,
  TX_COUNT = 4,
  TX_BUFFER = 2048,
  TX_MEMORY = TX_COUNT * TX_BUFFER,
  SMALLEST_FRAME = 60, /* on the wire, without the check sequence */
  LARGEST_FRAME = 1514,
  CHECK_SEQUENCE = 4,
};

static hal_device_t* device;
static volatile uint8_t* registers;
static uint8_t *rx, *tx;
static uint64_t rx_address, tx_address;
static uint32_t rx_at, tx_next;

static void stop(void) {
  if (registers != NULL) hal_mmio_write8(registers + COMMAND, 0);
  hal_dma_free(device, rx, RX_MEMORY);
  hal_dma_free(device, tx, TX_MEMORY);
  rx = tx = NULL;
}

static hal_status_t reset(void) {
  hal_mmio_write8(registers + CONFIG_1, 0);
  hal_mmio_write8(registers + COMMAND, COMMAND_RESET);
  const uint64_t start = hal_timer_ms();
  while ((hal_mmio_read8(registers + COMMAND) & COMMAND_RESET) != 0) {
    if (hal_timer_ms() - start > 1000) return HAL_TIMEOUT;
    hal_timer_delay_us(10);
  }
  return HAL_OK;
}

static hal_status_t init(hal_device_t* found) {
  device = found;
  hal_bus_pci_enable(device);
  registers = hal_bus_map_bar(device, 1);
  rx = hal_dma_alloc(device, RX_MEMORY, &rx_address);
  tx = hal_dma_alloc(device, TX_MEMORY, &tx_address);
  /* The device has 32 bits for an address. */
  hal_status_t status = registers == NULL || rx == NULL || tx == NULL || (rx_address + RX_MEMORY) >> 32 != 0 ||
                                (tx_address + TX_MEMORY) >> 32 != 0
                            ? HAL_NO_MEMORY
                            : reset();
  if (status != HAL_OK) {
    stop();
    return status;
  }
  hal_mmio_write32(registers + RX_START, (uint32_t)rx_address);
  hal_mmio_write16(registers + INTERRUPT_MASK, 0);
  hal_mmio_write32(registers + RX_CONFIG, RX_WANTED);
  hal_mmio_write8(registers + COMMAND, COMMAND_RX_ENABLE | COMMAND_TX_ENABLE);
  return HAL_OK;
}

static int64_t net_tx(const void* frame, uint64_t length) {
  if (length > LARGEST_FRAME) return HAL_INVALID;
  const uint32_t status = TX_STATUS + 4 * tx_next;
  if ((hal_mmio_read32(registers + status) & TX_OWNED_BY_HOST) == 0) return HAL_BUSY;
  uint8_t* buffer = tx + tx_next * TX_BUFFER;
  memcpy(buffer, frame, length);
  const uint32_t sent = length < SMALLEST_FRAME ? SMALLEST_FRAME : (uint32_t)length;
  memset(buffer + length, 0, sent - length);
  hal_mmio_write32(registers + TX_ADDRESS + 4 * tx_next, (uint32_t)tx_address + tx_next * TX_BUFFER);
  hal_mmio_barrier();
  hal_mmio_write32(registers + status, sent);
  tx_next = (tx_next + 1) % TX_COUNT;
  return (int64_t)length;
}

static int64_t net_rx(void* frame, uint64_t room) {
  if ((hal_mmio_read8(registers + COMMAND) & COMMAND_RX_EMPTY) != 0) return 0;
  hal_mmio_barrier();
  const uint32_t header = rx[rx_at] | rx[rx_at + 1] << 8, length = rx[rx_at + 2] | (uint32_t)rx[rx_at + 3] << 8;
  /* A device that writes nonsense is not followed any further. */
  if ((header & RX_GOOD) == 0 || length < CHECK_SEQUENCE || length > LARGEST_FRAME + CHECK_SEQUENCE) return HAL_ERROR;
  const uint32_t size = length - CHECK_SEQUENCE;
  if (size > room) return HAL_ERROR;
  memcpy(frame, rx + rx_at + 4, size);
  rx_at = ((rx_at + 4 + length + 3) & ~3u) % RX_RING;
  hal_mmio_barrier();
  hal_mmio_write16(registers + RX_READ_POINTER, (uint16_t)(rx_at - 16)); /* the device counts from there */
  return size;
}

static void net_get_mac(uint8_t mac[6]) {
  for (uint32_t i = 0; i < 6; ++i) mac[i] = hal_mmio_read8(registers + i);
}

static const driver_ops_t ops = {
    .name = "rtl8139",
    .category = DRIVER_CAT_NETWORK,
    .init = init,
    .shutdown = stop,
    .net_tx = net_tx,
    .net_rx = net_rx,
    .net_get_mac = net_get_mac,
};

#ifdef DRIVER_IS_PACKAGE
static const driver_ops_t* get_ops(void) { return &ops; }
DRIVER_V1(get_ops);
#else
static const driver_match_t matches[] = {{.bus = HAL_BUS_PCI,
                                          .mask = DRIVER_MATCH_VENDOR | DRIVER_MATCH_DEVICE,
                                          .u.pci = {.vendor = 0x10ec, .device = 0x8139}}};
static void rtl8139_register(void) { driver_register_builtin(&ops); }
DRIVER_V1_BUILTIN(rtl8139_register, matches);
#endif
