/* Time since boot. Any context. */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

/* Calibrates the clock and prepares the calling CPU's one-shot timer. Once for each CPU, interrupts off. */
hal_status_t hal_timer_init(void);

/* Nanoseconds and milliseconds since boot; never go backwards, the same on every CPU. */
uint64_t hal_timer_ns(void);
uint64_t hal_timer_ms(void);

/* Waits without sleeping for at least that many microseconds; for short waits (up to some thousands). */
void hal_timer_delay_us(uint64_t microseconds);

HAL_EXTERN_C_END
