/*
 * A keyboard behind a serial line, as an input driver of version 1: each byte that comes is the code of a key. The line
 * is a 16550 on PCI, as QEMU's pci-serial (docs/specs/pci-serial.rst of QEMU).
 */
#include "kernel/driver_loader.h"

enum {
  DATA = 0,
  INTERRUPT_ENABLE = 1,
  FIFO_CONTROL = 2,
  LINE_CONTROL = 3,
  LINE_STATUS = 5,
  FIFO_ON_AND_CLEAR = 7,
  EIGHT_BITS = 3,
  HAS_DATA = 1,
  NO_DEVICE = 0xff,
};

static uint16_t port;

static hal_status_t init(hal_device_t* device) {
  const hal_resource_t* bar = &device->bar[0];
  if ((bar->flags & HAL_RESOURCE_KIND) != HAL_RESOURCE_PORTS || bar->size < 8 || bar->base > UINT16_MAX - 8 ||
      !hal_port_available()) {
    return HAL_NOT_SUPPORTED;
  }
  hal_bus_pci_enable(device);
  port = (uint16_t)bar->base;
  hal_port_write8(port + INTERRUPT_ENABLE, 0);
  hal_port_write8(port + LINE_CONTROL, EIGHT_BITS);
  hal_port_write8(port + FIFO_CONTROL, FIFO_ON_AND_CLEAR);
  return hal_port_read8(port + LINE_STATUS) == NO_DEVICE ? HAL_ERROR : HAL_OK;
}

static int input_poll(void) {
  const uint8_t status = hal_port_read8(port + LINE_STATUS);
  if (status == NO_DEVICE || (status & HAS_DATA) == 0) return -1;
  return hal_port_read8(port + DATA);
}

static const driver_ops_t ops = {
    .name = "serial_keys", .category = DRIVER_CAT_INPUT, .init = init, .input_poll = input_poll};
static const driver_ops_t* get_ops(void) { return &ops; }
DRIVER_V1(get_ops);
