/* Intel 82540EM and 82545EM gigabit Ethernet. */
#include "drivers/network/e1000_common.h"

static const e1000_chip_t chip = {0};

static hal_status_t probe(hal_device_t* device, void** context) { return e1000_probe(&chip, device, context); }

static const driver_match_t matches[] = {E1000_MATCH(0x100e), E1000_MATCH(0x100f)};

static const driver_ops_v2_t e1000_driver = {
    .size = sizeof(driver_ops_v2_t),
    .abi = DRIVER_ABI_V2,
    .name = "e1000",
    .category = DRIVER_CAT_NETWORK,
    .match_count = sizeof(matches) / sizeof(matches[0]),
    .matches = matches,
    .probe = probe,
    .remove = e1000_remove,
    .shutdown = e1000_shutdown,
};
DRIVER_V2(e1000_driver);
