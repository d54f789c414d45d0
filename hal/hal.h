/*
 * The common ground of the hardware abstraction layer's C headers: integer types and the status that every hal_
 * function returns. C-clean: a driver written in C includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define HAL_EXTERN_C_BEGIN extern "C" {
#define HAL_EXTERN_C_END   }
#else
#define HAL_EXTERN_C_BEGIN
#define HAL_EXTERN_C_END
#endif

typedef enum {
  HAL_OK = 0,
  HAL_ERROR = -1,         /* the device or the machine misbehaved */
  HAL_TIMEOUT = -2,       /* a bounded wait ran out */
  HAL_NO_MEMORY = -3,     /* nothing left to allocate from */
  HAL_NOT_SUPPORTED = -4, /* this machine has no such thing */
  HAL_INVALID = -5,       /* an argument is out of its documented range */
  HAL_BUSY = -6,          /* somebody else holds it */
  HAL_NOT_FOUND = -7,
} hal_status_t;
