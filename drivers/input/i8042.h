/*
 * The PC's keyboard controller: two ports, a byte at a time (Intel 8042; IBM PS/2 Hardware Interface Technical
 * Reference, keyboard and auxiliary device controller).
 *
 * No lock: callers take turns. Every wait has an end; a controller that is not there reads as all ones,
 * and one that is stuck gives HAL_TIMEOUT.
 */
#pragma once

#include "kernel/driver_loader.h"

HAL_EXTERN_C_BEGIN

typedef struct {
  uint16_t data, command; /* ports */
  uint8_t configuration;  /* as it was written last */
} i8042_t;

enum {
  I8042_FULL = 0x01,      /* status: a byte is there to be read */
  I8042_AUXILIARY = 0x20, /* and it is the mouse's */
};

/* Any context. */
uint8_t i8042_status(const i8042_t* controller);
uint8_t i8042_read(const i8042_t* controller);

/*
 * Tests the controller and its keyboard port, and leaves the port on, translation on, the mouse's port and all
 * interrupts off. HAL_NOT_FOUND: no controller answers. May sleep.
 */
hal_status_t i8042_start(i8042_t* controller);
/* The keyboard port interrupts, or does not. After i8042_start(). Nothing is read, so that no key is mistaken for an
 * answer. */
hal_status_t i8042_set_interrupt(i8042_t* controller, bool on);
/* Sends a byte to the keyboard. HAL_TIMEOUT. */
hal_status_t i8042_send(const i8042_t* controller, uint8_t byte);
/* Waits for a byte of the keyboard, without interrupts. HAL_TIMEOUT after `microseconds`. */
hal_status_t i8042_receive(const i8042_t* controller, uint32_t microseconds, uint8_t* byte);

HAL_EXTERN_C_END
