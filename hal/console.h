/*
 * The early console: one character at a time, polled, safe in any context, from the first instructions on. The log
 * and the panic path use it; terminals use the real serial driver.
 */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

/* Writes one byte, waiting for the device at most a bounded time. '\n' is sent as it is: the caller adds '\r'. */
void hal_console_putc(char c);

/* What hal_console_getc() answers when the other end sent a break: an attention key, no character. */
#define HAL_CONSOLE_BREAK 0x100

/* One byte that was received, HAL_CONSOLE_BREAK, or -1 if there is nothing. Any context. */
int hal_console_getc(void);

/*
 * Makes the console's device interrupt when it has received something, and returns the line (hal/irq.h), which the
 * caller registers and enables; HAL_NO_IRQ (hal/bus.h) where it cannot interrupt, so that the caller asks now and then.
 * HAL_NOT_SUPPORTED where the console has no input. After hal_irq_init().
 */
hal_status_t hal_console_enable_input(uint32_t* irq);

/*
 * While paused the device does not interrupt, and what comes waits in it and in its sender. Afterwards it interrupts
 * for what is there already as well. After hal_console_enable_input(). Any context.
 */
void hal_console_pause_input(bool paused);

HAL_EXTERN_C_END
