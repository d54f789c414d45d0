/*
 * From the bytes of a PC keyboard to keys: scan code set 1, which the controller's translation makes of every
 * keyboard's set 2 (IBM PS/2 Hardware Interface Technical Reference, keyboards; Microsoft's Keyboard Scan Code
 * Specification 1.3a).
 *
 * Pure. The caller owns the state and sees to it that one byte is fed at a time; all zero is the beginning.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { SCANCODE_KEYS = 256 };

typedef struct {
  uint8_t prefix;                  /* 0xe0 or 0xe1 that came before, or 0 */
  uint8_t skip;                    /* bytes that still belong to Pause */
  uint8_t down[SCANCODE_KEYS / 8]; /* which keys are held */
} scancode_t;

typedef struct {
  uint16_t code; /* Linux's KEY_* (input-event-codes.h), below SCANCODE_KEYS */
  int32_t value; /* 0 released, 1 pressed, 2 repeated */
} scancode_key_t;

/* True if the byte completes an event. A key that is not known, or is released without having been pressed, is none. */
bool scancode_feed(scancode_t* state, uint8_t byte, scancode_key_t* key);
