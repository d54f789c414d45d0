#include "kernel/lib/ajdrv/match.h"

#include "kernel/lib/ajdrv/bytes.h"

/* Offsets in a record. */
enum { kBus = 0, kMask = 1, kZero = 3 };

/* A field that the mask does not name is zero. */
static bool is_unused(const uint8_t* record, unsigned bit, unsigned offset, unsigned size) {
  return (record[kMask] & bit) != 0 || ajdrv_all_zero(record + offset, size);
}

static bool pci_is_sound(const uint8_t* record) {
  enum {
    kVendor = 4,
    kDevice = 6,
    kSubvendor = 8,
    kSubdevice = 10,
    kClass = 12,
    kClassMask = 16,
    kRevisions = 20,
    kEnd = 22
  };
  const uint8_t mask = record[kMask];
  if ((mask & ~63u) != 0 || !ajdrv_all_zero(record + kEnd, AJDRV_MATCH_SIZE - kEnd)) return false;
  if (!is_unused(record, AJDRV_PCI_VENDOR, kVendor, 2) || !is_unused(record, AJDRV_PCI_DEVICE, kDevice, 2) ||
      !is_unused(record, AJDRV_PCI_SUBVENDOR, kSubvendor, 2) ||
      !is_unused(record, AJDRV_PCI_SUBDEVICE, kSubdevice, 2) || !is_unused(record, AJDRV_PCI_CLASS, kClass, 8) ||
      !is_unused(record, AJDRV_PCI_REVISION, kRevisions, 2)) {
    return false;
  }
  /* A device number means nothing without its vendor. */
  if ((mask & AJDRV_PCI_DEVICE) != 0 && (mask & AJDRV_PCI_VENDOR) == 0) return false;
  if ((mask & AJDRV_PCI_SUBDEVICE) != 0 && (mask & AJDRV_PCI_SUBVENDOR) == 0) return false;
  const uint32_t class_code = ajdrv_u32(record + kClass), class_mask = ajdrv_u32(record + kClassMask);
  if ((mask & AJDRV_PCI_CLASS) != 0 && (class_mask == 0 || (class_code & ~class_mask) != 0)) return false;
  return record[kRevisions] <= record[kRevisions + 1];
}

static bool virtio_is_sound(const uint8_t* record) {
  enum { kType = 4, kVendor = 8, kEnd = 20 };
  /* The vendor is for later: no bit of the mask names it. */
  return record[kMask] == 1 && ajdrv_u32(record + kType) != 0 && ajdrv_all_zero(record + kVendor, 4) &&
         ajdrv_all_zero(record + kEnd, AJDRV_MATCH_SIZE - kEnd);
}

static bool usb_is_sound(const uint8_t* record) {
  enum {
    kVendor = 4,
    kProduct = 6,
    kBcdLow = 8,
    kBcdHigh = 10,
    kClass = 12,
    kSubclass = 13,
    kInterface = 15,
    kEnd = 18
  };
  if (!is_unused(record, AJDRV_USB_VENDOR, kVendor, 2) || !is_unused(record, AJDRV_USB_PRODUCT, kProduct, 2) ||
      !is_unused(record, AJDRV_USB_BCD, kBcdLow, 4) || !is_unused(record, AJDRV_USB_CLASS, kClass, 1) ||
      !is_unused(record, AJDRV_USB_SUBCLASS, kSubclass, 2) ||
      !is_unused(record, AJDRV_USB_INTERFACE_CLASS, kInterface, 1) ||
      !is_unused(record, AJDRV_USB_INTERFACE_SUBCLASS, kInterface + 1, 1) ||
      !is_unused(record, AJDRV_USB_INTERFACE_PROTOCOL, kInterface + 2, 1)) {
    return false;
  }
  if ((record[kMask] & AJDRV_USB_PRODUCT) != 0 && (record[kMask] & AJDRV_USB_VENDOR) == 0) return false;
  return ajdrv_u16(record + kBcdLow) <= ajdrv_u16(record + kBcdHigh) &&
         ajdrv_all_zero(record + kEnd, AJDRV_MATCH_SIZE - kEnd);
}

/* Device tree and ACPI: an exact text. */
static ajdrv_error_t text_check(const uint8_t* record, const uint8_t* strings, uint64_t strings_size) {
  enum { kOffset = 4, kLength = 8, kEnd = 12, kLongest = 127 };
  if (record[kMask] != 1 || !ajdrv_all_zero(record + kEnd, AJDRV_MATCH_SIZE - kEnd)) return AJDRV_E_MATCH_FIELDS;
  const uint64_t offset = ajdrv_u32(record + kOffset), length = ajdrv_u32(record + kLength);
  if (length == 0 || length > kLongest || offset > strings_size || length > strings_size - offset)
    return AJDRV_E_STR_REF;
  for (uint64_t i = 0; i < length; ++i) {
    if (strings[offset + i] <= ' ' || strings[offset + i] > '~') return AJDRV_E_STR_REF;
  }
  return AJDRV_OK;
}

ajdrv_error_t ajdrv_match_check(const uint8_t* record, const uint8_t* strings, uint64_t strings_size) {
  if (record[kBus] < AJDRV_BUS_PCI || record[kBus] > AJDRV_BUS_ACPI) return AJDRV_E_MATCH_BUS;
  if (record[kMask] == 0) return AJDRV_E_MATCH_WILDCARD;
  if (record[kZero] != 0) return AJDRV_E_MATCH_FIELDS;
  switch (record[kBus]) {
    case AJDRV_BUS_PCI: return pci_is_sound(record) ? AJDRV_OK : AJDRV_E_MATCH_FIELDS;
    case AJDRV_BUS_VIRTIO: return virtio_is_sound(record) ? AJDRV_OK : AJDRV_E_MATCH_FIELDS;
    case AJDRV_BUS_USB: return usb_is_sound(record) ? AJDRV_OK : AJDRV_E_MATCH_FIELDS;
    default: return text_check(record, strings, strings_size);
  }
}
