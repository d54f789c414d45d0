/* Match records: which devices a package is for. The layout is driver_match_t's in kernel/driver_loader.h. */
#pragma once

#include "kernel/lib/ajdrv/format.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  AJDRV_BUS_PCI = 1,
  AJDRV_BUS_VIRTIO = 2,
  AJDRV_BUS_USB = 3,
  AJDRV_BUS_DEVICE_TREE = 4,
  AJDRV_BUS_ACPI = 5,
};
/* Of a PCI record; the others have 1, but USB: vendor, product, bcd range, class, subclass and protocol of the device,
 * class, subclass, protocol of the interface. */
enum {
  AJDRV_PCI_VENDOR = 1,
  AJDRV_PCI_DEVICE = 2,
  AJDRV_PCI_SUBVENDOR = 4,
  AJDRV_PCI_SUBDEVICE = 8,
  AJDRV_PCI_CLASS = 16,
  AJDRV_PCI_REVISION = 32,
};
enum {
  AJDRV_USB_VENDOR = 1,
  AJDRV_USB_PRODUCT = 2,
  AJDRV_USB_BCD = 4,
  AJDRV_USB_CLASS = 8,
  AJDRV_USB_SUBCLASS = 16,
  AJDRV_USB_INTERFACE_CLASS = 32,
  AJDRV_USB_INTERFACE_SUBCLASS = 64,
  AJDRV_USB_INTERFACE_PROTOCOL = 128,
};

/* Errors 22 to 25 of one record of 32 bytes. `strings` may be NULL where `strings_size` is 0. */
ajdrv_error_t ajdrv_match_check(const uint8_t* record, const uint8_t* strings, uint64_t strings_size);

#ifdef __cplusplus
}
#endif
