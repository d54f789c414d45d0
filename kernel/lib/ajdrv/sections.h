/* The parts of ajdrv_parse(), each in a file of its own. */
#pragma once

#include "kernel/lib/ajdrv/format.h"

/* What is in the sections: errors 14 and 20 to 28. */
ajdrv_error_t ajdrv_check_contents(const ajdrv_package_t* package);
/* META's form and licence, and the number of its pairs. */
ajdrv_error_t ajdrv_check_meta(const uint8_t* text, uint64_t size, uint32_t count);
/* Errors 30 to 34; `size` bytes are all that is left of the file. */
ajdrv_error_t ajdrv_check_signature_block(const uint8_t* block, uint64_t size, uint32_t* count);
