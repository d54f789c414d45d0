/* The other CPUs of the machine. */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

/*
 * Finds the machine's CPUs (ACPI MADT or device tree), numbers them, and prepares what starting them needs. CPUs
 * above the build's maximum are reported on the log and left alone. Boot CPU, once, after hal_irq_init().
 */
hal_status_t hal_smp_init(void);

HAL_EXTERN_C_END
