/* The processor that executes the call. */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

/*
 * Brings the calling CPU into the state that the kernel needs: control registers, protection features (SMEP, SMAP,
 * UMIP; PXN, PAN; SUM off), trap vectors, the per-CPU anchor. Once for each CPU, with interrupts off, before anything
 * else of the HAL but the console. Never fails on a CPU that the boot code let pass.
 */
hal_status_t hal_cpu_init(void);

/* The logical number of the calling CPU, 0 for the boot CPU. Stable only while preemption is off. Any context. */
uint32_t hal_cpu_id(void);

/* CPUs found at boot, at least 1. They are numbered densely from 0. */
uint32_t hal_cpu_count(void);

/* A hint to the CPU that the caller spins. */
void hal_cpu_relax(void);

HAL_EXTERN_C_END
