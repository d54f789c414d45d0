/* A driver of version 1 whose entry returns nothing. */
#include "kernel/driver_loader.h"

static const driver_ops_t* get_ops(void) { return NULL; }
DRIVER_V1(get_ops);
