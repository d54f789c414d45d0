/*
 * What the driver guide's example leaves to its reader: the bits of its two registers, and the functions that it names
 * without showing them. my_driver_glue.c has those.
 */
#pragma once

#include "kernel/driver_loader.h"

enum {
  CTRL_RESET = 1,
  STATUS_RESET = 1,
};

void my_irq_handler(uint32_t irq, void* context);
void my_driver_shutdown(void);
int64_t my_driver_read(void* buf, uint64_t lba, uint32_t count);
int64_t my_driver_write(const void* buf, uint64_t lba, uint32_t count);

/* The example's own. */
void my_driver_register(void);
