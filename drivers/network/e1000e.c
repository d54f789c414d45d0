/*
 * Intel 82574L gigabit Ethernet over PCI Express ("82574 GbE Controller Family Datasheet", 317694, revision 3.4).
 *
 * It differs from the 82540EM in its causes: with MSI-X (7.4.2) each queue has a cause of its own, register IVAR says
 * to which message it goes, and reading the cause register clears nothing. One message is used for all. With a wired
 * line or plain MSI it behaves as the older chips do.
 */
#include "drivers/network/e1000_common.h"

enum {                              /* registers: 10.2 */
       kMessages = 0x00e4,          /* IVAR */
       kMessageThrottle = 0x00e8,   /* EITR of message 0, in units of 256 ns */
       kReceiveFilter = 0x5008,     /* RFCTL */
       kTransmitDescriptor = 0x3828 /* TXDCTL */
};
enum {
  kCauseReceiveQueue = 1 << 20,
  kCauseTransmitQueue = 1 << 22,
  kCauseOther = 1 << 24,
  /* IVAR: 3 bits of number and one of validity for each cause; here all have number 0 */
  kMessageReceive = 1u << 3,
  kMessageTransmit = 1u << 11,
  kMessageOther = 1u << 19,
  kEachTransmit = 1u << 31,   /* any descriptor that is written back counts, as with the older chips */
  kEepromRead = 1 << 9,       /* EECD: the registers have been filled from it */
  kAutoMask = 1u << 27,       /* CTRL_EXT.IAME: not wanted, poll sets the mask itself */
  kPendingBits = 1u << 31,    /* CTRL_EXT.PBA_support: must be set with MSI-X */
  kExtendedReceive = 1 << 15, /* RFCTL.EXSTEN */
  kGranularity = 1 << 24,     /* TXDCTL.GRAN: thresholds count descriptors */
  kReservedOne = 1 << 22,     /* TXDCTL: must be set */
  kReadyMs = 100,
};

/* After a reset the device reads its address and settings from the EEPROM (4.6.1). */
static hal_status_t settle(e1000_t* nic) {
  const uint64_t deadline = hal_timer_ms() + kReadyMs;
  do {
    const uint32_t control = e1000_read(nic, E1000_EEPROM_CONTROL);
    if (control == UINT32_MAX) return HAL_ERROR;
    if ((control & kEepromRead) != 0) return HAL_OK;
    hal_sleep_ms(1);
  } while (hal_timer_ms() < deadline);
  return HAL_TIMEOUT;
}

static void prepare(e1000_t* nic) {
  e1000_write(nic, kReceiveFilter, e1000_read(nic, kReceiveFilter) & ~(uint32_t)kExtendedReceive);
  e1000_write(nic, kTransmitDescriptor, kGranularity | kReservedOne);
  if (!hal_irq_is_msix(nic->device)) return;
  nic->receive_causes = kCauseReceiveQueue | E1000_CAUSE_OVERRUN;
  nic->sent_causes = kCauseTransmitQueue;
  nic->link_causes = E1000_CAUSE_LINK | kCauseOther;
  nic->is_cleared_by_writing = true;
  const uint32_t extended = e1000_read(nic, E1000_EXTENDED_CONTROL) & ~(uint32_t)kAutoMask;
  e1000_write(nic, E1000_EXTENDED_CONTROL, extended | kPendingBits);
  e1000_write(nic, kMessages, kMessageReceive | kMessageTransmit | kMessageOther | kEachTransmit);
  e1000_write(nic, kMessageThrottle, E1000_THROTTLE_8000);
}

static const e1000_chip_t chip = {.settle = settle, .prepare = prepare};

static hal_status_t probe(hal_device_t* device, void** context) { return e1000_probe(&chip, device, context); }

static const driver_match_t matches[] = {E1000_MATCH(0x10d3)};

static const driver_ops_v2_t e1000e_driver = {
    .size = sizeof(driver_ops_v2_t),
    .abi = DRIVER_ABI_V2,
    .name = "e1000e",
    .category = DRIVER_CAT_NETWORK,
    .match_count = sizeof(matches) / sizeof(matches[0]),
    .matches = matches,
    .probe = probe,
    .remove = e1000_remove,
    .shutdown = e1000_shutdown,
};
DRIVER_V2(e1000e_driver);
