// Whom this kernel believes, and what it has seen of each driver.
//
// The trust bundle is compiled in and checked once; a kernel that was built without one, or whose bundle does not hold,
// has none for as long as it runs and refuses every package. What was seen only grows.
#pragma once

#include "kernel/lib/ajdrv/policy.h"
#include "kernel/lib/result.hpp"

namespace device {

// Null: nobody is trusted. May sleep.
const ajdrv_bundle_t* trust_bundle();

// Under the package registry's lock.
ajdrv_floor_t seen_of(const u8* lineage);
// A package of this lineage is about to run. ENOMEM: it could not be noted, so it must not.
Status note_seen(const u8* lineage, ajdrv_floor_t floor);

}  // namespace device
