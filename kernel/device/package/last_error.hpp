// Why the last package was refused: on the log, and for programs to read. errno alone names only the class.
#pragma once

#include "kernel/lib/ajdrv/error.h"
#include "kernel/lib/result.hpp"

namespace device {

// Notes the error and returns the errno of its class. May sleep.
Errno refuse(ajdrv_error_t error);
// The last load went well: there is nothing to say.
void clear_last_error();

}  // namespace device
