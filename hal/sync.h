/*
 * Mutual exclusion for drivers: one kind of lock, which may be taken in interrupt handlers too. While it is held
 * interrupts are off on this CPU and the holder may not sleep. Locks do not nest in themselves; a driver that holds one
 * calls nothing but hal_mmio_*, hal_timer_*, hal_event_signal(), hal_work_schedule() and its own other locks, those
 * always in one order.
 */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

/* All zero is a free lock. The contents are the kernel's. */
typedef struct {
  uint64_t opaque[4];
} hal_lock_t;

void hal_lock_acquire(hal_lock_t* lock);
void hal_lock_release(hal_lock_t* lock);

HAL_EXTERN_C_END
