/*
 * Devices and the buses that they are on, as drivers see them.
 *
 * The kernel owns every hal_device_t; a driver gets a pointer to one in its probe function and may use it until its
 * remove function returns. The fields are facts about the device; nobody changes them after the device was announced.
 * Nothing in it is a pointer, so that a copy of it serves a driver in another address space as well.
 */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

typedef enum { /* the numbers of a driver package's match records */
               HAL_BUS_PCI = 1,
               HAL_BUS_VIRTIO = 2,
               HAL_BUS_USB = 3,
               HAL_BUS_DEVICE_TREE = 4,
               HAL_BUS_ACPI = 5,
} hal_bus_t;

enum {
  HAL_RESOURCE_NONE = 0,
  HAL_RESOURCE_MEMORY = 1,
  HAL_RESOURCE_PORTS = 2,
  HAL_RESOURCE_KIND = 0xff,      /* mask of the above */
  HAL_RESOURCE_64BIT = 0x100,    /* may be placed above 4 GiB */
  HAL_RESOURCE_PREFETCH = 0x200, /* reads have no side effects */
  HAL_RESOURCE_WINDOW = 0x400,   /* of a bridge: what its children's resources are taken from */
};

typedef struct {
  uint64_t base;     /* physical address as the CPU sees it, or first port; 0 with size > 0: not placed */
  uint64_t size;     /* bytes; 0: there is no such resource */
  uint64_t bus_base; /* the same place as the bus sees it */
  uint32_t flags;
  uint32_t reserved;
} hal_resource_t;

#define HAL_BAR_COUNT 6
#define HAL_NO_IRQ    UINT32_MAX

typedef struct hal_device {
  uint32_t size;                                 /* of this structure as the kernel knows it: it grows at its end */
  uint32_t handle;                               /* the kernel's number for the device, unique since boot, never 0 */
  uint8_t bus;                                   /* hal_bus_t */
  uint8_t revision;                              /* PCI */
  uint16_t virtio_type;                          /* what kind of virtio device it is, on whatever bus; 0: none */
  uint16_t vendor, device, subvendor, subdevice; /* PCI */
  uint32_t class_code;                           /* PCI: class << 16 | subclass << 8 | interface */
  uint32_t address;                              /* PCI: segment << 16 | bus << 8 | device << 3 | function */
  uint32_t irq;                                  /* its wired line for hal_irq_register(), or HAL_NO_IRQ */
  char name[32];                                 /* "0000:00:03.0", "virtio_mmio@a003e00" */
  char compatible[128];                          /* device tree: the strings, each with its NUL, then an empty one */
  hal_resource_t bar[HAL_BAR_COUNT];
} hal_device_t;

/*
 * Announces all devices that the machine has and lets drivers look at them. At boot, once; later calls look for devices
 * that have come since. May sleep.
 */
hal_status_t hal_bus_scan(void);

/* Makes a PCI device answer at its BARs and lets it reach memory. HAL_INVALID for other buses. May sleep. */
hal_status_t hal_bus_pci_enable(hal_device_t* device);
/* Takes that back. */
void hal_bus_pci_disable(hal_device_t* device);

/*
 * The registers behind BAR `index`, for hal_mmio_*; the same mapping each time. NULL: there is no such memory BAR, it
 * was not placed, or no address space is left. The kernel unmaps it after the driver's remove function. May sleep.
 */
volatile void* hal_bus_map_bar(hal_device_t* device, uint32_t index);

/*
 * PCI configuration space: `offset` is a multiple of the width and below 4096 (256 where the machine has no extended
 * space). What cannot be read is all ones. Any context. A driver does not write BARs, the command register's enable
 * bits or the capabilities of message-signalled interrupts.
 */
uint8_t hal_bus_pci_read8(const hal_device_t* device, uint32_t offset);
uint16_t hal_bus_pci_read16(const hal_device_t* device, uint32_t offset);
uint32_t hal_bus_pci_read32(const hal_device_t* device, uint32_t offset);
void hal_bus_pci_write8(hal_device_t* device, uint32_t offset, uint8_t value);
void hal_bus_pci_write16(hal_device_t* device, uint32_t offset, uint16_t value);
void hal_bus_pci_write32(hal_device_t* device, uint32_t offset, uint32_t value);

/* The offset of the next capability `id` behind `after` (0: the first), 0 where there is none. Any context. */
uint32_t hal_bus_pci_find_capability(const hal_device_t* device, uint8_t id, uint32_t after);

/*
 * Interrupts of a device: message-signalled ones (MSI-X, then MSI) where device and machine can, else its one wired
 * line, which it may share with others. `wanted` at least 1; `granted` gets how many there are. HAL_NOT_FOUND: none at
 * all. HAL_BUSY: called twice. May sleep.
 */
hal_status_t hal_irq_allocate(hal_device_t* device, uint32_t wanted, uint32_t* granted);
void hal_irq_free(hal_device_t* device);
/* The number of interrupt `index` for hal_irq_register() and hal_irq_enable(). */
uint32_t hal_irq_of(const hal_device_t* device, uint32_t index);
/* True if they are MSI-X: interrupt `index` is entry `index` of the device's table. */
bool hal_irq_is_msix(const hal_device_t* device);

HAL_EXTERN_C_END
