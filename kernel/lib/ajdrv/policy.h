/* Whether a package that is well formed and well signed is wanted here: errors 51 to 57 and 60. */
#pragma once

#include "kernel/lib/ajdrv/signature.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The machine that it is to run on. */
typedef struct {
  uint16_t arch;
  uint16_t abi_minor[3]; /* by abi_major; 1 and 2 exist */
  uint32_t os_version;   /* major << 16 | minor << 8 | patch */
  bool has_isolated_hosts;
} ajdrv_host_t;

/* `seen`: the highest version and epoch of this lineage that were ever accepted here; zeros for none. */
ajdrv_error_t ajdrv_policy_check(const ajdrv_package_t* package, const ajdrv_bundle_t* bundle, const ajdrv_host_t* host,
                                 ajdrv_place_t place, ajdrv_floor_t seen);

#ifdef __cplusplus
}
#endif
