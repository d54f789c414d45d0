/* Waiting without the CPU, and work for later. */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

/*
 * An event is set or not. All zero is an event that is not set; it may go when nobody waits. The contents are the
 * kernel's.
 */
typedef struct {
  uint64_t opaque[8];
} hal_event_t;

/* Sets it and wakes who waits. Any context. */
void hal_event_signal(hal_event_t* event);
/* Waits until it is set, then clears it. HAL_TIMEOUT after `milliseconds`. May sleep: not in handlers or under locks.
 */
hal_status_t hal_event_wait(hal_event_t* event, uint64_t milliseconds);

/* Lets others run for at least so long. May sleep. */
void hal_sleep_ms(uint64_t milliseconds);

/* A function to be called by a thread of the kernel's, where it may sleep. All zero but the first two fields. */
typedef struct hal_work {
  void (*function)(void* context);
  void* context;
  uint64_t opaque[4];
} hal_work_t;

/* Calls it soon, once, however often this is asked before the call begins. Any context. */
void hal_work_schedule(hal_work_t* work);
/* Takes it back, or waits until it has run: afterwards it is not running and will not. Not from the work itself. May
 * sleep. */
void hal_work_cancel(hal_work_t* work);

HAL_EXTERN_C_END
