/* The kernel log, for architectures and drivers. Any context. */
#pragma once

#include "hal/hal.h"

HAL_EXTERN_C_BEGIN

typedef enum { /* as Linux: /dev/kmsg and dmesg show the same numbers */
               HAL_LOG_EMERGENCY = 0,
               HAL_LOG_ERROR = 3,
               HAL_LOG_WARNING = 4,
               HAL_LOG_NOTICE = 5,
               HAL_LOG_INFO = 6,
               HAL_LOG_DEBUG = 7,
} hal_log_level_t;

/* One line, without '\n'. `module` is a short name ("gic", "nvme"). Formats as printf: %d %i %u %x %X %p %s %c %%,
 * with l, ll, z, width, precision, - and 0. */
void hal_log(hal_log_level_t level, const char* module, const char* format, ...) __attribute__((format(printf, 3, 4)));

HAL_EXTERN_C_END
