/*
 * The early console: one character at a time, polled, safe in any context, from the first instructions on. The log
 * and the panic path use it; terminals use the real serial driver.
 */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

/* Writes one byte, waiting for the device at most a bounded time. '\n' is sent as it is: the caller adds '\r'. */
void hal_console_putc(char c);

HAL_EXTERN_C_END
